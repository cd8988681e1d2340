from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from oci.signing.openssl import SigningError, holds, sign
from oci.signing.simple_signing import (
    SIGNATURE_ANNOTATION,
    payload,
    read_signature,
    signature_layout,
    signature_tag,
)

DIGEST = f"sha256:{'ab' * 32}"
PAYLOAD = payload("demo", DIGEST)


def openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private key and its public half."""
    private, public = tmp_path / "image.key", tmp_path / "image.pub"
    curve = ("-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("genpkey", "-algorithm", "EC", *curve, "-out", str(private))
    openssl("pkey", "-in", str(private), "-pubout", "-out", str(public))
    return private, public


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_a_signature_reads_back_and_holds(keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = keys
    write(tmp_path, signature_layout(DIGEST, PAYLOAD, sign(private, PAYLOAD.content)))
    found = read_signature(tmp_path)
    assert found.payload == PAYLOAD.content
    assert holds(public, found.payload, found.signature)


def test_a_signature_of_something_else_does_not_hold(keys: tuple[Path, Path]) -> None:
    private, public = keys
    signature = sign(private, PAYLOAD.content)
    assert not holds(public, payload("demo", f"sha256:{'cd' * 32}").content, signature)
    assert not holds(public, payload("other", DIGEST).content, signature)


def test_a_signature_of_another_key_does_not_hold(keys: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    curve = ("-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("genpkey", "-algorithm", "EC", *curve, "-out", str(other))
    assert not holds(keys[1], PAYLOAD.content, sign(other, PAYLOAD.content))


def test_it_stands_where_cosign_looks_for_it(keys: tuple[Path, Path]) -> None:
    files = signature_layout(DIGEST, PAYLOAD, sign(keys[0], PAYLOAD.content))
    (named,) = json.loads(files["index.json"])["manifests"]
    assert set(named["annotations"].values()) == {f"sha256-{'ab' * 32}.sig"}
    assert signature_tag(DIGEST) == f"sha256-{'ab' * 32}.sig"
    manifest = json.loads(files[f"blobs/{named['digest'].replace(':', '/')}"])
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json"
    assert base64.b64decode(layer["annotations"][SIGNATURE_ANNOTATION])[0] == 0x30
    signed = json.loads(files[f"blobs/{layer['digest'].replace(':', '/')}"])
    assert signed["critical"]["image"]["docker-manifest-digest"] == DIGEST


def test_a_key_of_another_kind_is_named(tmp_path: Path) -> None:
    key = tmp_path / "rsa.key"
    openssl("genpkey", "-algorithm", "RSA", "-out", str(key))
    with pytest.raises(SigningError, match="rsa.key: this is not a key .* P-256"):
        sign(key, b"")


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="openssl genpkey"):
        sign(tmp_path / "none.key", b"")


def test_a_folder_without_signature_is_named(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="there is no signature here"):
        read_signature(tmp_path)


def test_no_private_key_is_printed_to_us(
    keys: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = keys
    shown = subprocess.run(
        ["openssl", "pkey", "-in", str(private), "-noout", "-text"], capture_output=True, check=True
    ).stdout.decode()
    secret = "".join(shown.partition("priv:")[2].partition("pub:")[0].split())
    printed, program = tmp_path / "printed", tmp_path / "bin" / "openssl"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\n{shutil.which('openssl')} \"$@\" > {tmp_path}/out\nstatus=$?\n"
        f"cat {tmp_path}/out >> {printed}\ncat {tmp_path}/out\nexit $status\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    assert holds(public, PAYLOAD.content, sign(private, PAYLOAD.content))

    text = "".join(printed.read_bytes().decode(errors="replace").split())
    assert "prime256v1" in text
    assert secret and secret not in text
