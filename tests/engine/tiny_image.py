"""The smallest image that runs, to test the engine package without building a release."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

from oci.format.image import Document, ImageConfig, image_config, image_index, image_manifest
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.platform import DEFAULT
from oci.sandbox.codec import MEDIA_TYPES
from oci.testing.images import write_files

GREETING = "hello from a tiny image\n"
EXIT_CODE = 7

_BASE = 0x400000
_HEADERS = 64 + 56


def write_tiny_layout(path: Path, label: str = "tiny") -> None:
    """Writes an OCI layout whose image prints GREETING and ends with EXIT_CODE.

    Args:
        path: The folder to make.
        label: Value of the image's label `name`; another value gives another image.
    """
    tar_file = io.BytesIO()
    with tarfile.open(fileobj=tar_file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        program = _program()
        info = tarfile.TarInfo("hello")
        info.size, info.mode = len(program), 0o755
        tar.addfile(info, io.BytesIO(program))
    layer = Document(gzip.compress(tar_file.getvalue(), mtime=0))
    descriptor = LayerDescriptor(
        target="hello",
        media_type=MEDIA_TYPES["gzip"],
        digest=layer.digest,
        size=len(layer.content),
        diff_id=Document(tar_file.getvalue()).digest,
        uncompressed_size=len(tar_file.getvalue()),
        codec="gzip",
        path_count=1,
        packages=(),
    )
    container = ImageConfig(entrypoint=("/hello",), labels=(("name", label),))
    config = image_config(container, [descriptor], "2022-07-11T00:00:00Z", DEFAULT)
    manifest = image_manifest(config, [descriptor.in_manifest])
    write_files(path, image_index(manifest, f"{label}:1", DEFAULT), [layer, config, manifest])


def _program() -> bytes:
    """A static x86-64 program: write(1, GREETING), exit(EXIT_CODE).

    Source: elf(5); syscall numbers from asm/unistd_64.h.
    """
    text = GREETING.encode()
    code_size = 34
    address = _BASE + _HEADERS + code_size
    code = b"".join(
        [
            b"\xb8" + struct.pack("<I", 1),  # mov eax, 1 (write)
            b"\xbf" + struct.pack("<I", 1),  # mov edi, 1
            b"\xbe" + struct.pack("<I", address),  # mov esi, address of the text
            b"\xba" + struct.pack("<I", len(text)),  # mov edx, length
            b"\x0f\x05",  # syscall
            b"\xb8" + struct.pack("<I", 60),  # mov eax, 60 (exit)
            b"\xbf" + struct.pack("<I", EXIT_CODE),  # mov edi, EXIT_CODE
            b"\x0f\x05",  # syscall
        ]
    )
    assert len(code) == code_size
    size = _HEADERS + len(code) + len(text)
    identification = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = identification + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code + text
