"""Signs and verifies with `openssl`: a private key is read by it alone, and never stored."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

_CURVE = "prime256v1"


class SigningError(Exception):
    """Something cannot be signed, or a signature does not hold."""


def _openssl(*args: str, content: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["openssl", *args], input=content, capture_output=True, timeout=60)
    except FileNotFoundError:
        raise SigningError(
            "There is no `openssl` command: install Debian's package openssl."
        ) from None
    except subprocess.TimeoutExpired:
        raise SigningError(
            "`openssl` waits for something, perhaps a passphrase: name a key without one."
        ) from None


def _check_key(key: Path, kind: tuple[str, ...], make: str) -> None:
    if not key.is_file():
        raise SigningError(f"{key}: there is no such key. {make}")
    # Of a private key, too, only the public half: what `openssl` prints is in our memory.
    text = _openssl(
        "pkey", *kind, "-in", str(key), "-passin", "pass:", "-noout", "-text_pub"
    ).stdout
    if _CURVE.encode() not in text:
        raise SigningError(
            f"{key}: this is not a key without passphrase for ECDSA on the curve P-256. {make}"
        )


def sign(key: Path, content: bytes) -> bytes:
    """An ECDSA signature with SHA-256, in DER.

    Raises:
        SigningError: there is no such key, or it is of another kind.
    """
    _check_key(
        key,
        (),
        f"Make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}",
    )
    run = _openssl("dgst", "-sha256", "-sign", str(key), content=content)
    if run.returncode:
        raise SigningError(f"{key}: openssl does not sign with it: {run.stderr.decode().strip()}")
    return run.stdout


def holds(key: Path, content: bytes, signature: bytes) -> bool:
    """Whether a signature of the content was made with the other half of a public key.

    Raises:
        SigningError: there is no such key, or it is of another kind.
    """
    _check_key(key, ("-pubin",), "Make one: openssl pkey -in PRIVATE -pubout -out PUBLIC")
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature)
        file.flush()
        run = _openssl(
            "dgst", "-sha256", "-verify", str(key), "-signature", file.name, content=content
        )
    return run.returncode == 0
