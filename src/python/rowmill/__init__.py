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

Every option of the program is a keyword: its long name with ``_`` for ``-``. ``True`` is a flag
alone, ``False`` and ``None`` are left out, a list gives the option again and again, a dictionary
gives ``KEY=VALUE`` again and again.
"""

from __future__ import annotations

import builtins
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

__all__ = ["Error", "Records", "convert", "open", "plan", "program", "schema", "verify", "worker"]

Input = Union[str, "os.PathLike[str]", IO[bytes]]
Inputs = Union[Input, Sequence[Union[str, "os.PathLike[str]"]]]
Option = Union[None, bool, int, float, str, "os.PathLike[str]", Sequence[Any], Mapping[str, Any]]

#: The least bytes that are asked of the pipe at once.
CHUNK = 1 << 20


class Error(Exception):
    """A run that failed. What is known of the place is set, the rest is ``None``.

    ``status`` is the program's: 1 for the data, 2 for the options, and 128 and the signal where one
    ended it. ``byte`` counts from 0; ``line``, ``record`` and ``column`` count from 1. ``name`` is
    the column's.
    """

    def __init__(self, message: str, status: int, position: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        position = position or {}
        self.message = message
        self.status = status
        self.file: Optional[str] = position.get("file")
        self.line: Optional[int] = position.get("line")
        self.record: Optional[int] = position.get("record")
        self.byte: Optional[int] = position.get("byte")
        self.column: Optional[int] = position.get("column")
        self.name: Optional[str] = position.get("name")


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


def convert(input: Inputs, output: Union[str, "os.PathLike[str]"], **options: Option) -> Dict[str, Any]:
    """Converts ``input`` into the file ``output``, which appears when it is whole.

    Returns the summary: records, bytes, anomalies, as ``--stats`` writes it. Raises :class:`Error`.
    """
    run = _Run([], input, {**options, "output": output})
    with run:
        run.read_all()
    return run.finish()


def open(input: Inputs, **options: Option) -> "Records":
    """Begins to convert ``input`` and returns its records as they come."""
    return Records(_Run([], input, options))


def schema(input: Inputs, **options: Option) -> Dict[str, Any]:
    """What all values of each column have in common, as ``rowmill schema --format json`` writes it."""
    run = _Run(["schema", "--format", "json"], input, options, stats=False)
    with run:
        text = run.read_all()
    run.finish()
    found: Dict[str, Any] = json.loads(text)
    return found


def plan(input: Union[str, "os.PathLike[str]"], ranges: Optional[int] = None, **options: Option) -> List[str]:
    """Where ``input`` can be cut into so many ranges of records, a line for each, for :func:`worker`.

    ``range_size`` in place of ``ranges`` says how large each may be.
    """
    return _told(["plan"], [os.fspath(input)], {**options, "ranges": ranges}).splitlines(keepends=True)


def worker(line: str, output: Union[str, "os.PathLike[str]"], **options: Option) -> str:
    """Converts the range that a line of a plan names to a part in the folder ``output``; returns its receipt.

    It may be called again with the same line, here or on another machine: a part that is whole stays.
    """
    return _told(["worker"], [], {**options, "output": output}, line)


def verify(plan: Sequence[str], output: Union[str, "os.PathLike[str]"], receipts: Sequence[str] = ()) -> None:
    """Checks that every part of the plan is whole and there once, and marks the folder ``_SUCCESS``.

    ``receipts`` are looked at beside those that lie in the folder. Raises :class:`Error`.
    """
    with tempfile.TemporaryDirectory(prefix="rowmill-") as folder:
        paths = []
        for name, lines in (("plan", plan), ("receipts", receipts)):
            path = Path(folder, f"{name}.jsonl")
            path.write_text("".join(lines), encoding="utf-8")
            paths.append(str(path))
        _told(["verify"], paths, {"output": output})


class Records:
    """Records as JSON Lines, read once. Iterating gives ``bytes``: whole lines, some hundred at a time.

    When the last was read, :attr:`summary` is set; where the run failed, :class:`Error` is raised in
    its place. Leaving it early, by ``with`` or :meth:`close`, ends the program.
    """

    def __init__(self, run: "_Run") -> None:
        self._run = run
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
                data = self._run.read(CHUNK)
            except BaseException:  # An interrupt too.
                self.close()
                raise
            if not data:
                # What is left is a record that a failed run did not finish.
                self.summary = self._run.finish()
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
        try:
            for chunk in self:
                for line in chunk.splitlines():
                    yield json.loads(line)
        finally:
            self.close()

    def close(self) -> None:
        """Ends the program, if it still runs."""
        self._run.close()


def _arguments(options: Mapping[str, Option]) -> List[str]:
    made: List[str] = []
    for key, value in options.items():
        flag = "--" + key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            made.append(flag)
            continue
        if isinstance(value, Mapping):
            values = [f"{name}={one}" for name, one in value.items()]
        elif isinstance(value, (list, tuple)):
            values = [str(one) for one in value]
        else:
            values = [os.fspath(value) if isinstance(value, os.PathLike) else str(value)]
        # With an equals sign: a value may start with a minus.
        made += [f"{flag}={one}" for one in values]
    return made


def _told(command: List[str], paths: List[str], options: Mapping[str, Option], text: str = "") -> str:
    """What a command prints that has nothing but text to say."""
    argv = [program(), *command, "--quiet", *_arguments(options), "--", *paths]
    run = subprocess.run(argv, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise _error(run.returncode, run.stderr)
    return run.stdout.decode()


def _error(status: int, stderr: bytes, fault: Mapping[str, Any] = {}) -> Error:
    lines = stderr.decode(errors="replace").strip().splitlines()
    message = fault.get("message") or (lines[-1] if lines else f"rowmill ended with status {status}")
    if message.startswith("rowmill: "):
        message = message[len("rowmill: "):]
    return Error(message, status if status > 0 else 128 - status, fault.get("position"))


class _Run:
    """The program while it runs."""

    def __init__(self, command: List[str], input: Inputs, options: Mapping[str, Option], stats: bool = True) -> None:
        stdin: Any = subprocess.DEVNULL
        paths: List[str] = []
        if isinstance(input, (str, os.PathLike)):
            paths = [os.fspath(input)]
        elif isinstance(input, (list, tuple)):
            paths = [os.fspath(path) for path in input]
        else:
            stdin = input
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
        self._readers = [threading.Thread(target=self._hear, args=("stderr", self._child.stderr), daemon=True)]
        if self._stats is not None:
            file = builtins.open(self._stats, "rb")
            self._readers.append(threading.Thread(target=self._hear, args=("stats", file), daemon=True))
        for reader in self._readers:
            reader.start()

    def _hear(self, what: str, file: Any) -> None:
        with file:
            self._told[what] = file.read()

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
        raise _error(status, self._told.get("stderr", b""), summary.get("error") or {})

    def close(self) -> None:
        if self._child.stdout is not None:
            self._child.stdout.close()
        if self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
        for reader in self._readers:
            reader.join()
