"""Bytecode of Python sources, equal on every machine and in whatever order they are compiled.

A pyc has the source's path in the image, and in its header the source's time and size as the layer
gives them. So Python takes the bytecode as long as the source is the layer's, and compiles a source
that someone has edited or put in its place. Source: PEP 3147, PEP 552.
"""

from __future__ import annotations

import itertools
import struct
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from oci.sandbox.errors import SandboxError

_WORKERS = 2

# Sources that are read ahead of the compilers.
_WINDOW = 16


class Source(NamedTuple):
    """A Python source in a layer."""

    path: str
    """Its absolute path in the image: `/usr/lib/python3.9/os.py`."""

    content: bytes

    mtime: int
    """Its time stamp in the layer, in seconds since the epoch."""


def is_bytecode(path: str) -> bool:
    """Whether Python wrote the path."""
    return path.endswith((".pyc", "/__pycache__"))


def cached_path(source: str, tag: str = "cpython-39") -> str:
    """Where Python looks for the bytecode of the source at this path. Source: PEP 3147."""
    path = PurePosixPath(source)
    return str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc")


class _Compiler:
    """One process of the target interpreter."""

    def __init__(self, python: Sequence[str], env: Dict[str, str]) -> None:
        worker = Path(__file__).with_name("bytecode_worker.py").read_text()
        self._command = " ".join(python)
        self._process = subprocess.Popen(
            # -S, -s: it needs no packages, and sees none of the host's.
            [*python, "-S", "-s", "-c", worker],
            env={**env, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def compile(self, source: Source) -> Optional[bytes]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        name = source.path.encode("utf-8", "surrogateescape")
        header = struct.pack("<IIq", len(name), len(source.content), source.mtime)
        try:
            stdin.write(header + name + source.content)
            stdin.flush()
            (size,) = struct.unpack("<I", stdout.read(4))
        except (BrokenPipeError, struct.error):
            raise SandboxError(
                f"{source.path}: the Python that compiles it, `{self._command}`, ended with status "
                f"{self._process.wait()}: check that the interpreter's packages are complete."
            ) from None
        return stdout.read(size) or None

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        self._process.wait()
        self._process.stdout.close()


def compile_all(
    sources: Iterable[Source], python: Sequence[str], env: Dict[str, str]
) -> Iterator[Tuple[str, bytes]]:
    """Compile sources; yield each source's path with its pyc, in the order of the sources.

    A source that the interpreter cannot compile is left out: packages carry files for other
    versions of Python, and templates that only look like Python.

    Args:
        sources: What to compile. It is read lazily, in this thread.
        python: The command of the interpreter that will load the bytecode; arguments are added.
        env: The whole environment of that command.

    Raises:
        SandboxError: the interpreter does not run.
    """
    compilers: List[_Compiler] = []
    idle: SimpleQueue[_Compiler] = SimpleQueue()

    def compile_one(source: Source) -> Tuple[str, Optional[bytes]]:
        compiler = idle.get()
        try:
            return source.path, compiler.compile(source)
        finally:
            idle.put(compiler)

    pool = ThreadPoolExecutor(_WORKERS)
    try:
        for _ in range(_WORKERS):
            compilers.append(_Compiler(python, env))
            idle.put(compilers[-1])
        remaining = iter(sources)
        pending: List[Future[Tuple[str, Optional[bytes]]]] = []
        while True:
            for source in itertools.islice(remaining, _WINDOW - len(pending)):
                pending.append(pool.submit(compile_one, source))
            if not pending:
                return
            path, pyc = pending.pop(0).result()
            if pyc is not None:
                yield path, pyc
    finally:
        pool.shutdown(wait=True)
        for compiler in compilers:
            compiler.close()
