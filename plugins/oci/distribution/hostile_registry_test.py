"""Registries, whatever they answer, end a push in one sentence, if they end it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.distribution.errors import RegistryError
from oci.format.layout import Layout
from oci.format.referrers import read_referrers
from oci.testing import pushing
from oci.testing.fuzz import TOO_DEEP, fuzzed, mangled
from oci.testing.images import noise, write_image
from oci.testing.raw_server import Answer, RawServer, response

LAYER = noise("layer", 3000)
OTHER = "sha256:" + hashlib.sha256(b"another").hexdigest()


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer(lambda method, path: response()) as running:
        yield running


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return write_image(tmp_path_factory.mktemp("image"), [LAYER], about=["a bill"])


class Heard:
    """What a server was asked and answered, in the order of both."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.exchanges: List[Tuple[str, str, int]] = []

    def __call__(self, method: str, path: str) -> bytes:
        content = self._answer(method, path)
        self.exchanges.append((method, path, status_of(content)))
        return content

    def took(self, pattern: str) -> bool:
        """Whether a request that matches, such as `PUT /x`, was answered that it worked.

        What is read may be somewhere else; what is written must have been taken.
        """
        return any(
            200 <= status < (300 if method == "PUT" else 400)
            and re.search(pattern, f"{method} {path}")
            for method, path, status in self.exchanges
        )


def status_of(content: bytes) -> int:
    """The status that clients read from an answer, or 0."""
    match = re.match(rb"\s*HTTP/\S*\s+(\d{3})(?!\d)", content)
    return int(match[1]) if match else 0


def push(server: RawServer, layout: Layout, answer: Answer) -> str:
    """Push to a server; returns the error, or nothing if all is well.

    All is well only where the server has taken the tag, and all that it is made of.
    """
    heard = Heard(answer)
    server.set(heard)
    try:
        pushing.push(server.address, layout, mount_from=("other",))
    except RegistryError as error:
        said = str(error)
        assert said and "\n" not in said and "\x1b" not in said
        assert "secret" not in said
        return said
    assert heard.took("^PUT .*/manifests/1.0$")
    documents = read_referrers(layout)
    for document in documents:
        assert heard.took(f"^PUT .*/manifests/{document.digest}$")
    manifests = [layout.manifest, *(document.data for document in documents)]
    for blob in {
        blob["digest"] for each in manifests for blob in (each["config"], *each["layers"])
    }:
        quoted = quote(blob)
        ways = (
            f"^(HEAD|GET) /v2/demo/blobs/{blob}$",
            f"^PUT .*digest={quoted}$",
            f"^POST .*mount={quoted}&",
        )
        assert any(map(heard.took, ways)), blob
    return ""


HEADERS: Dict[str, List[str]] = {
    "Location": [
        "http://[",
        "http://[::1]:99999999/",
        "/v2/demo/blobs/uploads/1",
        "file:///etc/passwd",
        "http://a\xffb/",
        "//",
        "?",
        "http://" + "a" * 300 + "/",
    ],
    "Docker-Content-Digest": ["", "sha256:", "\x1b[31mred", OTHER, "x" * 5000, "sha256:../../x"],
    "WWW-Authenticate": [
        "Basic",
        "Basic realm=",
        "Bearer",
        'Bearer realm="http://[",service="x"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="http://127.0.0.1:1/",service=',
        'Bearer realm="\xe9"',
        "Bearer realm",
        'Bearer ,,,="="',
        "Negotiate",
        "bearer realm=REALM",
        'Basic realm="\\", Bearer realm="x',
        "Negotiate a==, Basic , Bearer",
        '=,="=',
    ],
    "Link": ['</v2/>; rel="next"', "<http://[>; rel=next", "<", '<?a>; rel="next", <?b>; rel=next'],
    "Range": ["0-", "bytes=0-99999999999999999999", "1-0", "0-\xb2", "0-999"],
    "Retry-After": ["\xb2", "-1", "Wed, 21 Oct 2015 07:28:00 GMT", "0"],
    "OCI-Chunk-Min-Length": ["\xb2", "-1", "9" * 30, "1"],
    "OCI-Subject": ["", OTHER],
    "Content-Type": ["", "text/html", "application/json; charset=utf-99", "\xff"],
    "Content-Encoding": ["gzip", "deflate", "br", "x"],
    "Content-Length": ["0", "10", "99999", "-1", "x", "1, 2"],
    "Transfer-Encoding": ["chunked", "x"],
    "X-Long": ["x" * 70_000],
    "Set-Cookie": ["\x00", "a=b; Domain=;;;"],
}
STATUSES = [
    "200 OK",
    "201 Created",
    "202 Accepted",
    "204 No Content",
    "206 x",
    "301 Moved",
    "307 x",
    "308 x",
    "400 Bad",
    "401 Who",
    "403 No",
    "404 Gone",
    "405 x",
    "413 x",
    "416 x",
    "429 x",
    "500 x",
    "507 x",
    "999 x",
]
BODIES = [
    b"",
    b"<html>",
    b"{}",
    b"[]",
    b"null",
    b'{"errors": [{"code": "DIGEST_INVALID", "message": "\\u001b[31m\\n"}]}',
    b'{"errors": [{"code": ["x"]}]}',
    b'{"errors": {}}',
    b'{"errors": ["BLOB_UPLOAD_INVALID"]}',
    b'{"token": "a\\r\\nb", "expires_in": "soon"}',
    b'{"token": "\\u2603"}',
    b'{"token": "t", "expires_in": 1e999}',
    b'{"access_token": null}',
    b'{"manifests": [{}]}',
    b'{"manifests": 7}',
    b"\xff\xfe",
    TOO_DEEP,
]


@st.composite
def answers(draw: Any) -> bytes:
    """An answer of HTTP, of which something is wrong."""
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=3))
    headers = {name.replace("-", "_"): draw(st.sampled_from(HEADERS[name])) for name in names}
    return response(draw(st.sampled_from(BODIES)), draw(st.sampled_from(STATUSES)), **headers)


RAW = [b"", b"garbage\r\n\r\n", b"HTTP/1.1 \r\n\r\n", b"HTTP/1.1 200", b"\x16\x03\x01\x02"]
RAW += [b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n", b"HTTP/9.9 200 OK\r\n\r\n"]
RAW += [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\r\n\r\n"]

ANSWERS = answers() | st.sampled_from(RAW) | mangled(response(b"{}", "202 x", Location="/x"))


def good(server: RawServer) -> Answer:
    """A registry that takes everything, and has nothing."""

    def answer(method: str, path: str) -> bytes:
        if method in ("GET", "HEAD"):
            return response(b"", "404 Not Found")
        if method == "PUT":
            return response(b"", "201 Created", OCI_Subject=OTHER)
        place = f"http://{server.address}/v2/demo/blobs/uploads/1"
        return response(b"", "202 Accepted", Location=place)

    return answer


@fuzzed(60)
@given(st.lists(ANSWERS, min_size=1, max_size=4), st.integers(0, 12))
def test_any_answers_in_turn(
    server: RawServer, layout: Layout, script: List[bytes], start: int
) -> None:
    asked: List[str] = []

    def answer(method: str, path: str) -> bytes:
        asked.append(path)
        turn = len(asked) - 1 - start
        if 0 <= turn < len(script):
            return script[turn]
        # Before and after, all goes well.
        return good(server)(method, path)

    push(server, layout, answer)


@fuzzed(20)
@given(ANSWERS)
def test_one_answer_to_everything_is_no_success(
    server: RawServer, layout: Layout, same: bytes
) -> None:
    assert push(server, layout, lambda method, path: same)


STEPS: List[Tuple[str, str]] = [
    ("HEAD", "/manifests/1.0"),
    ("HEAD", "/blobs/sha256"),
    ("POST", "/blobs/uploads"),
    ("PATCH", "/blobs/uploads"),
    ("PUT", "/blobs/uploads"),
    ("PUT", "/manifests/"),
    ("GET", "/manifests/"),
]


@fuzzed(80)
@given(st.sampled_from(STEPS), ANSWERS, st.integers(0, 3))
def test_a_registry_that_goes_wrong_at_one_step(
    server: RawServer, layout: Layout, step: "Tuple[str, str]", bad: bytes, skip: int
) -> None:
    otherwise, left = good(server), [skip]

    def answer(method: str, path: str) -> bytes:
        if method == step[0] and step[1] in path:
            left[0] -= 1
            if left[0] < 0:
                return bad
        return otherwise(method, path)

    push(server, layout, answer)


def test_the_registry_that_takes_everything_is_no_error(server: RawServer, layout: Layout) -> None:
    assert push(server, layout, good(server)) == ""


def always(status: str, **headers: str) -> Answer:
    return lambda method, path: response(b"", status, **headers)


@pytest.mark.parametrize(
    "answer, problem",
    [
        (always("302 Found", Location="/v2/loop"), "the registry sends us in circles"),
        (always("302 Found", Location="http://["), "an address that is none"),
        (always("200 OK", Docker_Content_Digest="\x1b[31m"), "which is not a digest"),
        (always("200 OK", Docker_Content_Digest=OTHER), f"the tag is there and points at {OTHER}"),
        (always("401 Who", WWW_Authenticate='Bearer realm="http://["'), "which is not https"),
        (always("401 Who", WWW_Authenticate="Bearer"), "sends us for a token to ''"),
        (always("429 Slow", Retry_After="\xb2"), "the registry answers 429"),
    ],
)
def test_what_is_wrong_is_told(
    server: RawServer, layout: Layout, answer: Answer, problem: str
) -> None:
    assert problem in push(server, layout, answer)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "\u2603", "", " "])
def test_a_token_that_cannot_stand_in_a_header_is_none(
    server: RawServer, layout: Layout, token: str
) -> None:
    def answer(method: str, path: str) -> bytes:
        if path.startswith("/token"):
            return response(json.dumps({"token": token}).encode())
        realm = f'Bearer realm="http://{server.address}/token",service="x"'
        return response(b"", "401 Who", WWW_Authenticate=realm)

    assert "gave an answer without token" in push(server, layout, answer)


def test_an_index_of_documents_that_is_none_is_told(server: RawServer, layout: Layout) -> None:
    def answer(method: str, path: str) -> bytes:
        if "/manifests/sha256-" in path and method == "GET":
            return response(b'{"manifests": [7]}')
        if method == "PUT":
            return response(b"", "201 Created")
        return good(server)(method, path)

    assert "the documents about an image is not an index" in push(server, layout, answer)


def test_a_write_that_is_sent_elsewhere_is_no_success(server: RawServer, layout: Layout) -> None:
    def answer(method: str, path: str) -> bytes:
        if method == "PUT":
            return response(b"", "302 Found", Location="/elsewhere")
        return good(server)(method, path)

    assert "answers 302 where it should take" in push(server, layout, answer)
