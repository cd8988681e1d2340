"""Compiles Python sources that come in on stdin; runs in the interpreter that will load them.

It is passed as text to that interpreter, which may be any CPython from 3.9 and may see no file of
ours: standard library only. Source: PEP 552 for the header.
"""

from __future__ import annotations

import importlib.util
import marshal
import struct
import sys
import types
import warnings
from typing import Any, BinaryIO, FrozenSet, Iterator, Optional, Tuple

# No flag is set: Python compares the source's time and size with those in the header.
_BY_TIME = 0

# The header has 32 bits of each. Source: `importlib._bootstrap_external`.
_32_BITS = 0xFFFFFFFF

# Later versions write a back reference where an object happens to be shared, which depends on what
# else the process has compiled.
_MARSHAL_VERSION = 2


def _set_constants(code: types.CodeType) -> Iterator[FrozenSet[Any]]:
    for constant in code.co_consts:
        if isinstance(constant, frozenset):
            yield constant
        elif isinstance(constant, types.CodeType):
            yield from _set_constants(constant)


def _dump(code: types.CodeType) -> bytes:
    data = marshal.dumps(code, _MARSHAL_VERSION)
    for constant in _set_constants(code):
        # The order in a set follows hashes, and that of None is an address.
        written = marshal.dumps(constant, _MARSHAL_VERSION)
        items = sorted(marshal.dumps(item, _MARSHAL_VERSION) for item in constant)
        data = data.replace(written, written[:5] + b"".join(items))
    return data


def to_pyc(source: bytes, path: str, mtime: int) -> Optional[bytes]:
    """The bytecode file of a source, or None if this Python cannot compile it.

    Args:
        source: The file's bytes.
        path: What tracebacks will show: the source's absolute path in the image.
        mtime: The file's time stamp in the image, in seconds since the epoch.
    """
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError):
        return None
    header = struct.pack("<III", _BY_TIME, mtime & _32_BITS, len(source) & _32_BITS)
    return importlib.util.MAGIC_NUMBER + header + _dump(code)


def _read(stream: BinaryIO) -> Tuple[bytes, bytes, int]:
    path_size, source_size, mtime = struct.unpack("<IIq", stream.read(16))
    return stream.read(path_size), stream.read(source_size), mtime


def main() -> None:
    """Answer each request (two lengths, time, path, source) with a length and a pyc; 0 is none."""
    warnings.simplefilter("ignore")
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while requests.peek(1):  # type: ignore[attr-defined]
        path, source, mtime = _read(requests)
        pyc = to_pyc(source, path.decode("utf-8", "surrogateescape"), mtime) or b""
        answers.write(struct.pack("<I", len(pyc)) + pyc)
        answers.flush()


if __name__ == "__main__":
    main()
