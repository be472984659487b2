"""Holds the Python module to what it says of itself. The folder at hand is a place for files."""

import gc
import gzip
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import rowmill

with open("in.csv", "w", newline="") as file:
    file.write("id,name,email\n" + "".join(f"{i},N\u00f6 {i},a{i}@x.org\n" for i in range(20_000)))
with open("short.csv", "w") as file:
    file.write("a,b\n1,2\n3\n")

summary = rowmill.convert("in.csv", "out.jsonl", type={"id": "int"}, mask=["email"], threads=2)
assert summary["records"] == 20_000, summary
with open("out.jsonl", "rb") as file:
    expected = file.read()
assert json.loads(expected.splitlines()[7]) == {"id": 7, "name": "N\u00f6 7", "email": "a***@x.org"}

# Chunks are whole lines, and together they are the file.
options = {"type": {"id": "int"}, "mask": ["email"]}
with rowmill.open("in.csv", **options) as records:
    chunks = list(records)
    assert records.summary["records"] == 20_000
assert b"".join(chunks) == expected and all(chunk.endswith(b"\n") for chunk in chunks)
rows = list(rowmill.open(["in.csv", "in.csv"], limit=20_003, select=["id"]).rows())
assert len(rows) == 20_003 and rows[-1] == {"id": "2"}, rows[-1]
with open("in.csv", "rb") as file:
    assert sum(1 for _ in rowmill.open(file, where={"id": 5}).rows()) == 1

assert [column["type"] for column in rowmill.schema("in.csv")["columns"]] == ["int", "string", "string"]


def error_of(call):
    try:
        call()
    except rowmill.Error as error:
        return error
    raise AssertionError("no error")


# A place is told by the exception, also where records came before it.
error = error_of(lambda: rowmill.convert("short.csv", "no.jsonl", strict=True))
place = (error.status, error.file, error.line, error.record, error.byte, error.column, error.name)
assert place == (1, "short.csv", 3, 2, 8, 2, "b"), place
assert "shorter than the header" in error.message and not os.path.exists("no.jsonl")
assert error_of(lambda: list(rowmill.open("short.csv", strict=True))).line == 3
error = error_of(lambda: rowmill.convert("short.csv", "no.jsonl", nonsense=1))
assert (error.status, error.line) == (2, None) and "--nonsense" in error.message, error
assert error_of(lambda: rowmill.schema("nowhere.csv")).status == 1

# Many machines: ranges to parts, each once, whatever is tried twice.
Path("plan.csv").write_text("a,b\n" + "".join(f"{i},x\n" for i in range(2000)))
lines = rowmill.plan("plan.csv", 3, type={"a": "int"})
assert len(lines) == 3 and all(json.loads(line)["count"] == 3 for line in lines)
receipts = [rowmill.worker(line, "parts", threads=1) for line in lines]
assert json.loads(rowmill.worker(lines[1], "parts"))["done_before"]
error = error_of(lambda: rowmill.verify(lines + lines[:1], "parts"))
assert error.status == 1, error
rowmill.verify(lines, "parts", receipts)
assert Path("parts/_SUCCESS").exists()
rows = [json.loads(line)["a"] for part in sorted(Path("parts").glob("part-*")) for line in part.open()]
assert rows == list(range(2000))
os.remove(sorted(Path("parts").glob("part-*"))[0])
error = error_of(lambda: rowmill.verify(lines, "parts", receipts))
assert error.status == 1 and "part-00000" in error.message, error
assert error_of(lambda: rowmill.worker("{}\n", "parts")).status == 1
assert error_of(lambda: rowmill.plan("nowhere.csv", 3)).status == 1
assert error_of(lambda: rowmill.plan("plan.csv")).status == 2

# Whoever stops reading ends the program, and other threads run while it is read.
records = rowmill.open("/dev/zero", no_header=True, max_record="1M")
child = records._run._child
records.close()
assert child.poll() is not None
turns = []
thread = threading.Thread(target=lambda: [turns.append(1) for _ in range(1000)])
pipe, end = os.pipe()
records = rowmill.open(os.fdopen(pipe, "rb"))
waiting = threading.Thread(target=lambda: turns.append(list(records)))
waiting.start()
thread.start()
thread.join()
assert len(turns) == 1000
os.write(end, b"a\n1\n")
os.close(end)
waiting.join()
assert turns[-1] == [b'{"a":"1"}\n'], turns[-1]

# A signal is heard while the next chunk is waited for.
script = """
import os, rowmill
pipe, end = os.pipe()
try:
    print("waits", flush=True)
    next(rowmill.open(os.fdopen(pipe, "rb")))
except KeyboardInterrupt:
    print("interrupted")
"""
with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                      preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as child:
    assert child.stdout.readline() == "waits\n"
    # It may not wait yet, which makes no difference.
    child.send_signal(signal.SIGINT)
    said = child.stdout.read()
assert said == "interrupted\n", said

# Packed records come whole, to the last byte; rows are not made of them.
for n in (1, 2, 30, 5000):
    Path("some.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(n)))
    packed = b"".join(rowmill.open("some.csv", compress="gzip"))
    assert gzip.decompress(packed).count(b"\n") == n, n
assert json.loads(b"".join(rowmill.open("some.csv", format="json", limit=2))) == [{"a": "0"}, {"a": "1"}]


def raises(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


raises(TypeError, lambda: rowmill.open("some.csv", compress="gzip").rows())
raises(TypeError, lambda: rowmill.open("some.csv", output="x"))
raises(TypeError, lambda: rowmill.convert("some.csv", "x", stats="s.json"))
raises(TypeError, lambda: rowmill.convert("some.csv", "x", where={"a": ["1"]}))
raises(TypeError, lambda: rowmill.convert("some.csv", "x", add={"b": None}))
raises(TypeError, lambda: rowmill.open(None))
raises(TypeError, lambda: rowmill.open(-1))
raises(TypeError, lambda: rowmill.open(io.BytesIO(b"a\n1\n")))
raises(TypeError, lambda: rowmill.open(open("some.csv")))
raises(ValueError, lambda: rowmill.open([]))
assert rowmill.convert(b"some.csv", b"bytes.jsonl", delimiter=b",", add={"x:bool": True})["records"] == 5000
assert next(rowmill.open("bytes.jsonl", no_header=True, delimiter="tab", quote="none").rows()) == {
    "column_1": '{"a":"0","x":true}'}
assert list(rowmill.open("some.csv", select={"a"}, limit=1).rows()) == [{"a": "0"}]

# An error is the same in another process.
error = error_of(lambda: rowmill.convert("short.csv", "x", strict=True))
again = pickle.loads(pickle.dumps(error))
assert (str(again), again.status, again.line, again.summary) == (str(error), 1, error.line, error.summary)
# An anomaly that is to be an error leaves the output, and says what it was.
error = error_of(lambda: rowmill.convert("short.csv", "there.jsonl", fail_on_anomaly=True))
assert (error.status, error.line, error.summary["records"]) == (3, 3, 2) and "short record" in str(error), error
assert Path("there.jsonl").exists()

# A file goes on from where Python is in it.
with open("some.csv", "rb") as file:
    file.readline()
    assert next(rowmill.open(file, header="b").rows()) == {"b": "0"}
with tempfile.TemporaryFile() as file:
    file.write(b"a\n1\n")
    file.seek(0)
    assert list(rowmill.open(file).rows()) == [{"a": "1"}]

# Names with what Python takes for an end of line; lines without theirs.
Path("u\u2028x.csv").write_text("a\n1\n2\n")
lines = rowmill.plan("u\u2028x.csv", 2)
receipts = [rowmill.worker(line.strip(), "parts2").strip() for line in lines]
rowmill.verify([line.strip() for line in lines], "parts2", receipts)
assert len(lines) == 2

# Nothing is left of what is no longer held, and of what is closed while another thread reads.
before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
for _ in range(20):
    for _chunk in rowmill.open("in.csv"):
        break
    records = rowmill.open("in.csv").rows()
    del records
gc.collect()
if before is not None:
    assert len(os.listdir("/proc/self/fd")) == before and threading.active_count() == 1
pipe, end = os.pipe()
records = rowmill.open(os.fdopen(pipe, "rb"))
closed = []
waiting = threading.Thread(target=lambda: closed.append(raises(ValueError, lambda: next(records))))
waiting.start()
records.close()
waiting.join(60)
assert closed == [None] and not waiting.is_alive()
raises(ValueError, lambda: next(records))
os.close(end)
print("all hold")
