from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.fetch_files import Fetcher, credentials
from wheels.sandbox.file_cache import FileCache
from wheels.sandbox.locked_files import FetchRequest, LockedFile
from wheels.sandbox.pip_settings import PipSettings

CONTENT = b"the content of a wheel" * 1000
WHEEL = "demo-1.0-py3-none-any.whl"
DEMO = LockedFile("demo", "1.0", WHEEL, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Index:
    """A package index on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Dict[str, Tuple[int, str, bytes]] = {}
        self.cut_off = 0
        """Bytes that a file lacks at the end, although its headers promise them."""
        self.requested: List[str] = []
        self.authorization = ""
        """The header without which everything is refused, where there is one."""

    def page(self, body: str, content_type: str = "text/html") -> None:
        self.answers["/demo/"] = (200, content_type, body.encode())

    def file(self, content: bytes) -> None:
        self.page(f'<a href="../files/{WHEEL}#sha256=0">{WHEEL}</a>')
        self.answers[f"/files/{WHEEL}"] = (200, "application/octet-stream", content)


@pytest.fixture
def index() -> Iterator[Index]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requested.append(self.path)
            status, content_type, body = served.answers.get(self.path, (404, "text/plain", b""))
            if self.headers.get("Authorization", "") != served.authorization:
                status, body = 401, b""
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            missing = served.cut_off if self.path.startswith("/files/") else 0
            self.wfile.write(body[: len(body) - missing])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Index(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(index: Index, tmp_path: Path, *files: LockedFile) -> Path:
    request = FetchRequest("3rdparty/demo.lock", "pants lock-it", files or (DEMO,))
    url = index.url
    if index.authorization:
        url = url.replace("://", "://ada:p%40ss@")
    settings = PipSettings((url,), True, ())
    target = tmp_path / "out"
    Fetcher(lambda: settings, FileCache(tmp_path / "cache"), request, 0.01).fetch_all(target)
    return target


def refused(index: Index, tmp_path: Path) -> str:
    with pytest.raises(SandboxError) as caught:
        fetch(index, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"3rdparty/demo.lock: {WHEEL} of demo cannot be fetched, ")
    assert "`pants lock-it`" in message and "\n" not in message
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    return message


def test_a_file_is_found_by_its_name_on_an_html_page(index: Index, tmp_path: Path) -> None:
    index.file(CONTENT)

    assert (fetch(index, tmp_path) / WHEEL).read_bytes() == CONTENT


def test_a_file_is_found_by_its_name_on_a_json_page(index: Index, tmp_path: Path) -> None:
    index.file(CONTENT)
    files = [{"filename": WHEEL, "url": f"/files/{WHEEL}", "hashes": {}}]
    index.page(json.dumps({"files": files}), "application/vnd.pypi.simple.v1+json")

    assert (fetch(index, tmp_path) / WHEEL).read_bytes() == CONTENT


def test_a_file_is_downloaded_once_on_a_machine(index: Index, tmp_path: Path) -> None:
    index.file(CONTENT)
    fetch(index, tmp_path)
    index.requested.clear()

    assert (fetch(index, tmp_path) / WHEEL).read_bytes() == CONTENT
    assert not index.requested


def test_a_damaged_file_in_the_cache_is_downloaded_anew(index: Index, tmp_path: Path) -> None:
    index.file(CONTENT)
    fetch(index, tmp_path)
    (tmp_path / "cache" / DEMO.sha256[:2] / DEMO.sha256).write_bytes(b"damaged")

    assert (fetch(index, tmp_path) / WHEEL).read_bytes() == CONTENT


@pytest.mark.parametrize("link", ["../files/{file}", "/files/{file}", "{url}/files/{file}"])
def test_the_password_of_an_index_is_for_its_files_too(
    index: Index, tmp_path: Path, link: str
) -> None:
    index.file(CONTENT)
    index.authorization = "Basic " + b64encode(b"ada:p@ss").decode()
    index.page(f'<a href="{link.format(file=WHEEL, url=index.url)}">{WHEEL}</a>')

    assert (fetch(index, tmp_path) / WHEEL).read_bytes() == CONTENT


INDEX = "https://ada:secret@index.test/simple"


@pytest.mark.parametrize(
    "url, user",
    [
        ("https://index.test/files/demo.whl", "ada"),
        ("https://INDEX.test:443/files/demo.whl", "ada"),
        ("https://bob:own@index.test/files/demo.whl", "bob"),
        ("https://index.test/team/files/demo.whl", "eve"),
        ("https://index.test:8443/files/demo.whl", None),
        ("http://index.test/files/demo.whl", None),
        ("https://files.index.test/demo.whl", None),
    ],
)
def test_a_password_goes_to_its_own_server_alone(url: str, user: Optional[str]) -> None:
    indexes = ("https://open.test/simple", INDEX, "https://eve:other@index.test/team/")
    found = credentials(url, indexes)

    assert (found[0] if found else None) == user


def test_an_unknown_distribution_is_named(index: Index, tmp_path: Path) -> None:
    assert "the index answered 404 for demo" in refused(index, tmp_path)


def test_a_page_of_garbage_is_told_as_a_file_that_is_not_listed(
    index: Index, tmp_path: Path
) -> None:
    index.page("\x00<<<a href='x'>not an index", "application/json")

    assert "page of demo does not list the file" in refused(index, tmp_path)


def test_a_missing_file_is_named(index: Index, tmp_path: Path) -> None:
    index.page(f'<a href="/files/{WHEEL}">')

    assert "answered 404 for the file" in refused(index, tmp_path)


def test_a_wrong_hash_is_told_with_both_hashes(index: Index, tmp_path: Path) -> None:
    other = b"X" + CONTENT[1:]
    index.file(other)

    message = refused(index, tmp_path)

    assert DEMO.sha256 in message and hashlib.sha256(other).hexdigest() in message


def test_a_truncated_download_is_tried_again_and_then_told(index: Index, tmp_path: Path) -> None:
    index.file(CONTENT)
    index.cut_off = 5000

    refused(index, tmp_path)

    assert len([path for path in index.requested if path.startswith("/files")]) == 4


def test_a_server_that_is_overloaded_is_asked_again(index: Index, tmp_path: Path) -> None:
    index.answers["/demo/"] = (503, "text/plain", b"busy")

    assert "the index answered 503" in refused(index, tmp_path)
    assert len(index.requested) == 4


def test_without_a_network_the_file_and_the_reason_are_told(tmp_path: Path) -> None:
    nowhere = Index("http://127.0.0.1:9")

    assert "the connection failed (ConnectionError)" in refused(nowhere, tmp_path)
