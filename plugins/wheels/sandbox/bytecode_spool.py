"""Keeps compiled bytecode in a file until the layer is written.

Entries are written in order of their paths, with sizes known before, and a RECORD that lists them
may come first: bytecode is compiled ahead, and is too much for memory.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterable, Iterator

from oci.sandbox.bytecode import Source, cached_path, compile_all
from oci.sandbox.interpreter import Interpreter
from oci.sandbox.layer_writer import Entry

_WITHOUT_BYTECODE = frozenset({"test", "tests"})


def wants_bytecode(path: str) -> bool:
    """Whether a file is a source that a program may import: tests of packages are not."""
    folders = path.split("/")[:-1]
    return path.endswith(".py") and _WITHOUT_BYTECODE.isdisjoint(folders)


class BytecodeSpool:
    """Bytecode of sources that are entries of a layer.

    Args:
        interpreter: What compiles.
        folder: Where the spool's nameless file lies.
    """

    def __init__(self, interpreter: Interpreter, folder: Path) -> None:
        self._interpreter = interpreter
        self._file = tempfile.TemporaryFile(dir=folder)

    def compile(self, sources: Iterable[Entry]) -> Dict[str, Entry]:
        """Compile sources; return the entry of each one's bytecode, by the source's path.

        A source that does not compile has none.
        """
        by_path = {f"/{source.path}": source for source in sources}
        compiled: Dict[str, Entry] = {}
        offset = 0
        for path, pyc in compile_all(
            _read(by_path), self._interpreter.command, self._interpreter.env
        ):
            self._file.write(pyc)
            source = by_path[path]
            compiled[source.path] = Entry(
                cached_path(source.path, self._interpreter.tag),
                "file",
                0o644,
                source.mtime,
                open=self._opener(offset, len(pyc)),
                size=len(pyc),
                package=source.package,
            )
            offset += len(pyc)
        self._file.flush()
        return compiled

    def _opener(self, offset: int, size: int) -> Callable[[], BinaryIO]:
        return lambda: io.BytesIO(os.pread(self._file.fileno(), size, offset))


def _read(sources: Dict[str, Entry]) -> Iterator[Source]:
    for path, source in sources.items():
        assert source.open is not None
        with source.open() as content:
            yield Source(path, content.read(), source.mtime)
