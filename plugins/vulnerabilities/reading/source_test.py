from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Callable, Dict

import pytest
from oci.sandbox.errors import SandboxError
from oci.testing.raw_server import RawServer, response
from vulnerabilities.reading import source as source_module
from vulnerabilities.reading.source import Source

FILES = {"vulns/demo/PYSEC-1.yaml": b"id: PYSEC-1\n", "vulns/x/GHSA-1.json": b"{}"}
NO_FILES = {".github/workflow.yaml": b"on: push\n", "README.md": b"# Advisories\n"}


def folder_of(path: Path, files: Dict[str, bytes]) -> Path:
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def zip_of(path: Path, files: Dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, files: Dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("vulns/link.yaml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def members(option: str, folder: Path) -> Dict[str, bytes]:
    source = Source.parse(option)
    prefix = f"{source.spec}: "
    return {
        name.replace(prefix, ""): content for name, content in source.members(source.fetch(folder))
    }


@pytest.mark.parametrize("pack", [folder_of, zip_of, tar_of])
def test_a_folder_and_its_archives_hold_the_same(
    pack: Callable[[Path, Dict[str, bytes]], Path], tmp_path: Path
) -> None:
    path = pack(tmp_path / "database", {**FILES, **NO_FILES})

    assert members(str(path), tmp_path) == FILES


def test_an_archive_comes_from_a_url(tmp_path: Path) -> None:
    content = zip_of(tmp_path / "all.zip", FILES).read_bytes()
    hash_ = hashlib.sha256(content).hexdigest()
    with RawServer(lambda method, path: response(content)) as server:
        url = f"http://{server.address}/all.zip"
        assert members(url, tmp_path) == FILES
        assert members(f"{url}#sha256={hash_}", tmp_path) == FILES


@pytest.mark.parametrize(
    "option, problem",
    [
        ("http://advisories.example/all.zip", "advisories come by https alone"),
        ("ftp://advisories.example/all.zip", "advisories come by https alone"),
        ("https://[", "advisories come by https alone"),
        ("all.zip#md5=00", "what follows `#` is not a hash"),
        ("all.zip", "there is nothing. Correct the path."),
    ],
)
def test_what_cannot_be_data_is_told(
    option: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SandboxError) as error:
        members(option, tmp_path)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    "answer, problem",
    [
        (response(b"x" * 100, Content_Length="1000"), "broke off after 100 of 1,000 bytes"),
        (response(b"", "503 Busy"), "the server answers 503 Busy"),
        (b"garbage", "it cannot be downloaded (BadStatusLine"),
        (b"", "it cannot be downloaded (RemoteDisconnected"),
        (response(b"", "302 Found", Location="http://x.example/"), "it leads to http://x.example/"),
        (response(b"", "302 Found", Location="file:///etc/passwd"), "the server answers 302"),
        (response(b"", "302 Found", Location="/data"), "the server answers 302"),
        (response(b"x" * 2000), "larger than 0 MB"),
        (response(b"PK\x05\x06" + b"\xff" * 18), "this archive is damaged"),
    ],
)
def test_a_bad_download_is_one_clear_sentence(
    answer: bytes, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MOST_BYTES", 1000)
    with RawServer(lambda method, path: answer) as server:
        with pytest.raises(SandboxError) as error:
            members(f"http://{server.address}/data", tmp_path)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_another_hash_is_told_with_both(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "all.zip", FILES)
    with pytest.raises(SandboxError, match="should be sha256=0{64}, and it is sha256=[0-9a-f]{64}"):
        members(f"{path}#sha256={'0' * 64}", tmp_path)


def test_what_an_archive_unpacks_to_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MOST_BYTES", 1000)
    path = zip_of(tmp_path / "all.zip", {"a.json": b" " * 600, "b.json": b" " * 600})
    with pytest.raises(SandboxError, match="it holds more than 0 MB"):
        members(str(path), tmp_path)
