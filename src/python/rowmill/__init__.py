"""Delimited text of any size into JSON Lines: exact, in parallel, in a few megabytes of memory.

    import rowmill

    rowmill.convert("dump.csv", "dump.jsonl", type={"id": "int"}, mask=["email"])

    with rowmill.open("dump.csv.gz", type={"id": "int"}) as records:
        for chunk in records:          # bytes: whole lines of JSON
            upload(chunk)

    for row in rowmill.open("dump.csv", where={"country": "NZ"}).rows():
        print(row["id"])

    rowmill.schema("dump.csv")["columns"]

    lines = rowmill.plan("dump.csv", 128)              # for many machines
    receipts = [rowmill.worker(line, "parts") for line in lines]
    rowmill.verify(lines, "parts", receipts)

The work is done by the program of the same name, in a process of its own: it fills a pipe as fast
as it is emptied, and no file is made on the way. Other threads of Python run meanwhile.

Every option of the program that shapes records is a keyword: its long name with ``_`` for ``-``.
``True`` is a flag alone, ``False`` and ``None`` are left out, a list gives the option again and
again, a dictionary gives ``KEY=VALUE`` again and again. Names are written as on a command line.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

__all__ = ["Error", "Records", "convert", "open", "plan", "program", "schema", "verify", "worker"]

PathName = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Inputs = Union[PathName, IO[bytes], Sequence[PathName]]
Option = Union[None, bool, int, float, PathName, Iterable[Any], Mapping[str, Any]]

#: The least bytes that are asked of the pipe at once.
CHUNK = 1 << 20


class Error(Exception):
    """A run that failed. What is known of the place is set, the rest is ``None``.

    ``status`` is the program's: 1 for the data, 2 for the options, 3 where ``fail_on_anomaly`` found
    one, and 128 and the signal where one ended it. ``byte`` counts from 0; ``line``, ``record`` and
    ``column`` count from 1. ``name`` is the column's. ``summary`` is what ``--stats`` writes.
    """

    def __init__(
        self,
        message: str,
        status: int,
        position: Optional[Mapping[str, Any]] = None,
        summary: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self._position = dict(position or {})
        self.message = message
        self.status = status
        self.summary = dict(summary or {})
        self.file: Optional[str] = self._position.get("file")
        self.line: Optional[int] = self._position.get("line")
        self.record: Optional[int] = self._position.get("record")
        self.byte: Optional[int] = self._position.get("byte")
        self.column: Optional[int] = self._position.get("column")
        self.name: Optional[str] = self._position.get("name")

    def __reduce__(self) -> Tuple[Any, ...]:
        # Schedulers send it from one process to another.
        return Error, (self.message, self.status, self._position, self.summary)


def program() -> str:
    """The path of the program: what ``ROWMILL`` names, or the one that was installed with this package,
    or the first of that name on ``PATH``.

    Raises ``FileNotFoundError`` where there is none.
    """
    named = os.environ.get("ROWMILL")
    if named:
        return named
    schemes = [sysconfig.get_path("scripts")]
    user = f"{os.name}_user"
    if user in sysconfig.get_scheme_names():
        schemes.append(sysconfig.get_path("scripts", user))
    # Installed with pip's --target: beside the package.
    schemes.append(str(Path(__file__).resolve().parent.parent / "bin"))
    for folder in schemes:
        path = os.path.join(folder, "rowmill")
        if os.access(path, os.X_OK):
            return path
    found = shutil.which("rowmill")
    if found is None:
        raise FileNotFoundError("the program rowmill is not installed")
    return found


def convert(input: Inputs, output: PathName, **options: Option) -> Dict[str, Any]:
    """Converts ``input`` into the file ``output``, which appears when it is whole.

    Returns the summary: records, bytes, anomalies, as ``--stats`` writes it. Raises :class:`Error`.
    ``"-"`` is this process's standard input.
    """
    run = _Run([], input, {**options, "output": output})
    with run:
        run.read_all()
    return run.finish()


def open(input: Inputs, **options: Option) -> "Records":
    """Begins to convert ``input`` and returns its records as they come.

    A binary file is read from where Python is in it, if it can seek; a pipe from where the system is.
    """
    for key in ("output", "output_dir"):
        if options.get(key) is not None:
            raise TypeError(f"{key}: open() gives the records; convert() writes them")
    is_lines = options.get("format") in (None, "jsonl", "rows") and options.get("compress") is None
    return Records(_Run([], input, options), is_lines)


def schema(input: Inputs, **options: Option) -> Dict[str, Any]:
    """What all values of each column have in common, as ``rowmill schema --format json`` writes it."""
    if "format" in options:
        raise TypeError("format: schema() gives a dictionary")
    run = _Run(["schema", "--format", "json"], input, options, stats=False)
    with run:
        text = run.read_all()
    run.finish()
    found: Dict[str, Any] = json.loads(text)
    return found


def plan(input: PathName, ranges: Optional[int] = None, **options: Option) -> List[str]:
    """Where ``input`` can be cut into so many ranges of records, a line for each, for :func:`worker`.

    ``range_size`` in place of ``ranges`` says how large each may be.
    """
    told = _told(["plan"], [_text(input)], {**options, "ranges": ranges})
    # Names may hold what Python takes for ends of lines.
    return [line + "\n" for line in told.split("\n") if line]


def worker(line: str, output: PathName, **options: Option) -> str:
    """Converts the range that a line of a plan names to a part in the folder ``output``; returns its receipt.

    It may be called again with the same line, here or on another machine: a part that is whole stays.
    """
    return _told(["worker"], [], {**options, "output": output}, line)


def verify(plan: Sequence[str], output: PathName, receipts: Sequence[str] = ()) -> None:
    """Checks that every part of the plan is whole and there once, and marks the folder ``_SUCCESS``.

    ``receipts`` are looked at beside those that lie in the folder. Raises :class:`Error`.
    """
    with tempfile.TemporaryDirectory(prefix="rowmill-") as folder:
        paths = []
        for name, lines in (("plan", plan), ("receipts", receipts)):
            path = Path(folder, f"{name}.jsonl")
            path.write_bytes("".join(line.rstrip("\n") + "\n" for line in lines).encode())
            paths.append(str(path))
        _told(["verify"], paths, {"output": output})


class Records:
    """Records as JSON Lines, read once. Iterating gives ``bytes``: whole lines, some hundred at a time.

    When the last was read, :attr:`summary` is set; where the run failed, :class:`Error` is raised in
    its place. Leaving it early, by ``with`` or :meth:`close`, ends the program.
    """

    def __init__(self, run: "_Run", is_lines: bool = True) -> None:
        self._run = run
        self._is_lines = is_lines
        self._is_closed = False
        self._rest = b""
        #: The summary, as ``--stats`` writes it, when all records were read.
        self.summary: Optional[Dict[str, Any]] = None

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> "Records":
        return self

    def __next__(self) -> bytes:
        while self.summary is None:
            try:
                data = b"" if self._is_closed else self._run.read(CHUNK)
            except BaseException:  # An interrupt too.
                self.close()
                raise
            if self._is_closed:
                raise ValueError("the records were closed before all were read")
            if not data:
                # Where the run failed, what is left is a record that it did not finish.
                self.summary = self._run.finish()
                if self._rest:
                    rest, self._rest = self._rest, b""
                    return rest
                break
            end = data.rfind(b"\n") + 1
            if end == 0:
                self._rest += data
                continue
            chunk, self._rest = self._rest + data[:end], data[end:]
            return chunk
        raise StopIteration

    def rows(self) -> Iterator[Any]:
        """The records one by one, parsed."""
        if not self._is_lines:
            self.close()
            raise TypeError("rows() takes a format of one record a line (jsonl, rows), not compressed")
        return self._rows()

    def _rows(self) -> Iterator[Any]:
        try:
            for chunk in self:
                for line in chunk.splitlines():
                    yield json.loads(line)
        finally:
            self.close()

    def close(self) -> None:
        """Ends the program, if it still runs."""
        self._is_closed = self.summary is None
        self._run.close()


#: What the module needs for itself, or what prints something else than records.
_NOT_FOR_PYTHON = {"help", "version", "stats", "quiet", "progress"}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (str, bytes, os.PathLike)):
        return os.fsdecode(value)
    raise TypeError(f"an option or a path takes a text, a number or a bool, not {value!r}")


def _arguments(options: Mapping[str, Option]) -> List[str]:
    made: List[str] = []
    for key, value in options.items():
        key = key.rstrip("_")
        if key in _NOT_FOR_PYTHON:
            raise TypeError(f"{key}: is not for Python; errors are raised, and the summary is returned")
        flag = "--" + key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            made.append(flag)
            continue
        if isinstance(value, Mapping):
            values = [f"{_text(name)}={_text(one)}" for name, one in value.items()]
        elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
            values = [_text(one) for one in value]
        else:
            values = [_text(value)]
        # With an equals sign: a value may start with a minus.
        made += [f"{flag}={one}" for one in values]
    return made


def _inputs(input: Any) -> Tuple[List[str], Any]:
    """The paths, and what the program's standard input is."""
    if isinstance(input, (str, bytes, os.PathLike)):
        input = [input]
    if isinstance(input, (list, tuple)):
        if not input:
            raise ValueError("no input is named")
        paths = [_text(path) for path in input]
        return paths, None if "-" in paths else subprocess.DEVNULL
    if isinstance(input, io.TextIOBase):
        raise TypeError("a file that is converted is opened in binary mode")
    try:
        descriptor = input.fileno()
    except (AttributeError, OSError):
        raise TypeError("an input is a path, a list of paths, or a binary file with a descriptor") from None
    if getattr(input, "seekable", lambda: False)():
        # The program begins where Python is, whatever Python has read ahead or not written yet.
        if input.writable():
            input.flush()
        os.lseek(descriptor, input.tell(), os.SEEK_SET)
    return [], descriptor


def _told(command: List[str], paths: List[str], options: Mapping[str, Option], text: str = "") -> str:
    """What a command prints that has nothing but text to say."""
    argv = [program(), *command, "--quiet", *_arguments(options), "--", *paths]
    run = subprocess.run(argv, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise _error(run.returncode, run.stderr)
    return run.stdout.decode()


def _error(status: int, stderr: bytes, summary: Optional[Mapping[str, Any]] = None) -> Error:
    fault = (summary or {}).get("error") or {}
    lines = stderr.decode(errors="replace").strip().split("\n")
    message = fault.get("message") or lines[-1] or f"rowmill ended with status {status}"
    anomalies = (summary or {}).get("anomalies") or {}
    if status == 3 and not fault and anomalies:
        kind, first = min(anomalies.items(), key=lambda item: item[1]["first"].get("byte") or 0)
        n = sum(one["count"] for one in anomalies.values())
        fault = {"position": first["first"]}
        line = fault["position"]["line"]
        message = f"{n} anomalies, the first on line {line}: {kind.replace('_', ' ')}; the output is whole"
    if message.startswith("rowmill: "):
        message = message[len("rowmill: "):]
    return Error(message, status if status > 0 else 128 - status, fault.get("position"), summary)


class _Run:
    """The program while it runs."""

    def __init__(self, command: List[str], input: Inputs, options: Mapping[str, Option], stats: bool = True) -> None:
        paths, stdin = _inputs(input)
        argv = [program(), *command, "--quiet", *_arguments(options)]
        self._stats: Optional[int] = None
        inherited: List[int] = []
        if stats:
            self._stats, end = os.pipe()
            inherited = [end]
            argv.append(f"--stats=/dev/fd/{end}")
        argv += ["--", *paths]
        try:
            self._child = subprocess.Popen(
                argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=inherited)
        except BaseException:
            if self._stats is not None:
                os.close(self._stats)
            raise
        finally:
            for end in inherited:
                os.close(end)
        # Both are read at once: a full pipe would stop the program.
        self._told: Dict[str, bytes] = {}
        heard: List[Tuple[str, Any]] = [("stderr", self._child.stderr)]
        if self._stats is not None:
            heard.append(("stats", builtins.open(self._stats, "rb")))
        # They know nothing of this object, so that it can go.
        readers = [threading.Thread(target=_hear, args=(self._told, *one), daemon=True) for one in heard]
        for reader in readers:
            reader.start()
        #: Ends the program: once, at the latest when nobody has this object any more.
        self.close = weakref.finalize(self, _end, self._child, readers)

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, n: int) -> bytes:
        # The bytes that are there, up to so many: whoever reads decides how fast it goes.
        stdout = self._child.stdout
        assert stdout is not None
        return b"" if stdout.closed else stdout.read1(n)  # type: ignore[attr-defined]

    def read_all(self) -> bytes:
        stdout = self._child.stdout
        assert stdout is not None
        text = stdout.read()
        self._child.wait()
        return text

    def finish(self) -> Dict[str, Any]:
        """The summary, when all was read."""
        status = self._child.wait()
        self.close()
        summary: Dict[str, Any] = {}
        try:
            summary = json.loads(self._told.get("stats") or b"{}")
        except ValueError:
            pass
        if status == 0:
            return summary
        raise _error(status, self._told.get("stderr", b""), summary)


def _hear(told: Dict[str, bytes], what: str, file: Any) -> None:
    with file:
        told[what] = file.read()


def _end(child: "subprocess.Popen[bytes]", readers: Sequence[threading.Thread]) -> None:
    # First the program: who reads from it holds the pipe until then.
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdout is not None:
        child.stdout.close()
    for reader in readers:
        reader.join()
