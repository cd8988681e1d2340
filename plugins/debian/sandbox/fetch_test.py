"""Runs the script that fetches packages, against an archive on this machine."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

import pytest
from oci.sandbox import machine_settings

CONTENT = b"the package's bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
POOL = "pool/main/h/hello/hello_1.0_all.deb"


class Archive:
    """A web server with one package, and a sandbox in which the script runs."""

    def __init__(self, folder: Path, address: str) -> None:
        self.address = address
        self.package = folder / "archive" / POOL
        self.package.parent.mkdir(parents=True)
        self.package.write_bytes(CONTENT)
        self.cache = folder / "cache"
        self.cache.mkdir()
        self._folder = folder
        self._runs = 0

    def fetch(self, sha256: str = SHA256, size: int = len(CONTENT)) -> subprocess.CompletedProcess:
        self._runs += 1
        self.sandbox = self._folder / f"sandbox-{self._runs}"
        self.sandbox.mkdir()
        for name in ("archives.sh", "fetch.sh"):
            shutil.copy(Path(__file__).with_name(name), self.sandbox)
        (self.sandbox / "__debs").symlink_to(self.cache)
        (self.sandbox / machine_settings.FOLDER).mkdir()
        (self.sandbox / machine_settings.FOLDER / "debian").write_bytes(
            machine_settings.dumps(
                {"DEBIAN_MIRROR": self.address, "DEBIAN_SECURITY_MIRROR": f"{self.address}/"}
            )
        )
        (self.sandbox / "wanted").write_text(f"hello\tdebian\t{POOL}\t{size}\t{sha256}\n")
        return subprocess.run(
            ["bash", "fetch.sh", "bullseye.lock", "generate"],
            cwd=self.sandbox,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
        )

    @property
    def fetched(self) -> bytes:
        return (self.sandbox / "debs" / Path(POOL).name).read_bytes()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    handler = partial(_Quiet, directory=str(tmp_path / "archive"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Archive(tmp_path, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_a_package_is_fetched_and_kept_for_the_next_build(archive: Archive) -> None:
    assert archive.fetch().returncode == 0
    archive.package.unlink()

    assert archive.fetch().returncode == 0
    assert archive.fetched == CONTENT


def test_a_cache_entry_that_went_bad_is_fetched_again(archive: Archive) -> None:
    (archive.cache / SHA256).write_bytes(b"x" * len(CONTENT))

    assert archive.fetch().returncode == 0
    assert archive.fetched == CONTENT
    assert (archive.cache / SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"", CONTENT[:5], b"<html>garbage</html>"])
def test_a_file_that_is_not_what_the_lock_says_is_refused(archive: Archive, content: bytes) -> None:
    archive.package.write_bytes(content)

    result = archive.fetch()

    assert result.returncode == 1
    assert result.stderr.startswith(f"bullseye.lock: `hello` ({POOL} of the archive `debian`)")
    assert result.stderr.count("\n") == 1
    assert "run `generate`" in result.stderr
    assert not list(archive.cache.iterdir())


def test_a_wrong_hash_in_the_lock_is_refused(archive: Archive) -> None:
    result = archive.fetch(sha256="0" * 64)

    assert result.returncode == 1
    assert "Hash Sum mismatch" in result.stderr


def test_a_wrong_size_in_the_lock_is_refused(archive: Archive) -> None:
    result = archive.fetch(size=5)

    assert result.returncode == 1
    assert "its size is 19 bytes and not 5" in result.stderr


def test_a_package_that_the_archive_dropped_is_refused_by_name(archive: Archive) -> None:
    archive.package.unlink()

    result = archive.fetch()

    assert result.returncode == 1
    assert "cannot be fetched: 404" in result.stderr
