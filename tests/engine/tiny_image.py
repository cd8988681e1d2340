"""The smallest image that runs, to test the engine package without building a release."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any, Dict

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
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        program = _program()
        info = tarfile.TarInfo("hello")
        info.size, info.mode = len(program), 0o755
        tar.addfile(info, io.BytesIO(program))
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    config = _write(
        blobs,
        "application/vnd.oci.image.config.v1+json",
        _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Entrypoint": ["/hello"], "Labels": {"name": label}},
                "rootfs": {"type": "layers", "diff_ids": [_digest(layer.getvalue())]},
            }
        ),
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [
            _write(
                blobs,
                "application/vnd.oci.image.layer.v1.tar+gzip",
                gzip.compress(layer.getvalue(), mtime=0),
            )
        ],
    }
    descriptor = _write(blobs, str(manifest["mediaType"]), _json(manifest))
    descriptor["annotations"] = {"org.opencontainers.image.ref.name": f"{label}:1"}
    (path / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [descriptor]}))
    (path / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))


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


def _write(blobs: Path, media_type: str, content: bytes) -> Dict[str, Any]:
    digest = _digest(content)
    (blobs / digest.partition(":")[2]).write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(document: Dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
