from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.wheel_archive import WheelArchive
from wheels.testutil import make_wheel


def wheel(folder: Path, metadata: str, **files: str) -> WheelArchive:
    head = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    contents = {"demo.py": "", "demo-1.0.dist-info/METADATA": head + metadata, **files}
    return WheelArchive(make_wheel(folder, "demo", contents))


@pytest.mark.parametrize(
    "metadata, licences",
    [
        ("", ()),
        ("License: UNKNOWN\n", ()),
        ("License: BSD\n", ("BSD",)),
        ("License-Expression: MIT OR Apache-2.0\nLicense: other\n", ("MIT OR Apache-2.0",)),
        ("License: First line\n  of a whole text\n", ()),
        ("Classifier: License :: OSI Approved :: MIT License\n", ("MIT License",)),
        ("Classifier: License :: OSI Approved\n", ()),
    ],
)
def test_a_wheel_tells_its_licences(
    tmp_path: Path, metadata: str, licences: tuple[str, ...]
) -> None:
    assert wheel(tmp_path, metadata).licences == licences


def test_a_local_version_is_quoted_in_the_url(tmp_path: Path) -> None:
    archive = WheelArchive(make_wheel(tmp_path, "demo", {}, version="2.3.3+astro.1"))
    assert archive.purl == "pkg:pypi/demo@2.3.3%2Bastro.1"


def test_distributions_inside_of_packages_are_found(tmp_path: Path) -> None:
    inner = "Metadata-Version: 2.1\nName: Inner_Part\nVersion: 2.0\nLicense: MIT\n"
    files = {
        "demo/_vendor/inner-2.0.dist-info/METADATA": inner,
        "demo/tests/data/fake-1.dist-info/METADATA": inner,
    }
    assert list(wheel(tmp_path, "", **files).vendored()) == [("pkg:pypi/inner-part@2.0", ("MIT",))]


@pytest.mark.parametrize("name", ["shake_128", "shake_256", "crc32", "SHA256", "sha256-x"])
def test_a_hash_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    path = make_wheel(tmp_path, "bad", {"data.txt": "x"}, record={"data.txt": f"{name}=AAAA"})
    with pytest.raises(SandboxError, match=f"bad-1.0.*RECORD uses the unknown hash '{name}'"):
        WheelArchive(path).read("data.txt")


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512", "sha3_256", "blake2b"])
def test_every_hash_with_a_length_is_compared(tmp_path: Path, name: str) -> None:
    digest = urlsafe_b64encode(hashlib.new(name, b"x").digest()).decode().rstrip("=")
    path = make_wheel(tmp_path, "good", {"data.txt": "x"}, record={"data.txt": f"{name}={digest}"})
    assert WheelArchive(path).read("data.txt") == b"x"
