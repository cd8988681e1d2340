"""What Python says of archives that are damaged, encrypted, or of a kind that it does not know."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib

DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
