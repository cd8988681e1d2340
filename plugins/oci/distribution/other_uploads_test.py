"""Registries that take uploads in their own way, or later, as people report of them."""

from __future__ import annotations

import email.utils
import time
from typing import Callable, Dict, List, Optional

import pytest
from oci.distribution.errors import RegistryError
from oci.distribution.patience import requested_pause
from oci.format.layout import Layout
from oci.testing.pushing import ME, push
from oci.testing.quirks import LARGE, basic, holds, on
from oci.testing.stand_in import Reply, Request, StandInRegistry


@pytest.mark.parametrize(
    "address, location",
    [
        ("http://registry.example.com:80", "http://registry.example.com{path}"),
        ("http://registry.example.com", "http://registry.example.com:80{path}"),
        ("http://Registry.Example.COM", "http://registry.example.com{path}"),
        ("http://registry.example.com", "HTTP://REGISTRY.example.com:80{path}?state=a%2Bb#x"),
        ("http://registry.example.com:80", "//registry.example.com{path}?state="),
        ("http://registry.example.com", "{path}"),
        ("http://[2001:db8::1]:80", "http://[2001:0db8:0::0001]{path}"),
    ],
)
def test_however_it_writes_its_own_address_credentials_go_there(
    registry: StandInRegistry,
    image: Layout,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    location: str,
) -> None:
    # As its own proxy, it gets what goes to that name.
    monkeypatch.setenv("http_proxy", f"http://{registry.address}")
    monkeypatch.setenv("no_proxy", "")
    regular = registry._regular

    def named(request: Request) -> Reply:
        if request.headers.get("Authorization") != basic(ME):
            return Reply(401, {"WWW-Authenticate": "Basic"})
        reply = regular(request)
        if "/uploads/" not in reply.headers.get("Location", ""):
            return reply
        place = location.format(path=reply.headers["Location"])
        return Reply(reply.status, {**reply.headers, "Location": place}, reply.body)

    registry.quirks = [named]
    push(address, image, plain_http=True)
    assert holds(registry, image)


@pytest.mark.parametrize("port", [0, 81])
def test_credentials_go_to_no_other_port_or_host(
    registry: StandInRegistry, storage: StandInRegistry, image: Layout, port: int
) -> None:
    def elsewhere(request: Request) -> Optional[Reply]:
        if request.headers.get("Authorization") != basic(ME):
            return Reply(401, {"WWW-Authenticate": "Basic"})
        if request.method != "POST":
            return None
        reply = registry._regular(request)
        host = f"localhost:{storage.port}" if port else storage.address
        return Reply(202, {"Location": f"http://{host}{reply.headers['Location']}"})

    registry.quirks = [elsewhere]
    with pytest.raises(RegistryError):
        push(registry.address, image)
    assert storage.requests
    assert not any(request.headers.get("Authorization") for request in storage.requests)


def test_an_answer_to_a_chunk_need_not_say_where_to_go_on(
    registry: StandInRegistry, image: Layout
) -> None:
    def silent(request: Request) -> Optional[Reply]:
        if request.method != "PATCH":
            return None
        reply = registry._regular(request)
        return Reply(reply.status, {"Range": reply.headers["Range"]})

    registry.quirks = [silent]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [400, 404, 405, 411, 415, 416, 501])
def test_a_registry_that_takes_no_chunks_gets_blobs_whole(
    registry: StandInRegistry, image: Layout, status: int
) -> None:
    registry.quirks = [on("PATCH", "/uploads/", Reply(status))]
    push(registry.address, image)
    assert holds(registry, image)


def test_a_registry_that_takes_one_chunk_gets_blobs_whole(
    registry: StandInRegistry, image: Layout
) -> None:
    def first_alone(request: Request) -> Optional[Reply]:
        second = not request.headers.get("Content-Range", "0-").startswith("0-")
        return Reply(416) if request.method == "PATCH" and second else None

    registry.quirks = [first_alone]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [400, 404, 405, 411, 501])
def test_a_registry_that_takes_nothing_whole_gets_chunks(
    registry: StandInRegistry, image: Layout, status: int
) -> None:
    def with_bytes(request: Request) -> Optional[Reply]:
        whole = request.method == "PUT" and "/uploads/" in request.path and request.body
        return Reply(status) if whole else None

    registry.quirks = [with_bytes]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_upload_counts_when_the_blob_is_there(
    registry: StandInRegistry, image: Layout, status: int
) -> None:
    lost: List[str] = []

    def accepted(request: Request) -> Optional[Reply]:
        if request.method != "PUT" or "/uploads/" not in request.path:
            return None
        if not lost:
            # It says so, and drops it.
            lost.append(request.path)
            return Reply(status)
        registry._regular(request)
        return Reply(status)

    registry.quirks = [accepted]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status, body", [(404, b"<html>"), (410, b""), (404, b"{}")])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_upload_that_expired_begins_again(
    registry: StandInRegistry, image: Layout, method: str, status: int, body: bytes
) -> None:
    expired: List[str] = []

    def expire(request: Request) -> Optional[Reply]:
        if request.method != method or "/uploads/" not in request.path or expired:
            return None
        expired.append(request.path)
        registry._uploads.pop(request.path.rpartition("/")[2])
        return Reply(status, {}, body)

    registry.quirks = [expire]
    push(registry.address, image)
    assert expired and holds(registry, image)


RANGES: Dict[str, Callable[[int], Optional[str]]] = {
    "with its unit": lambda received: f"bytes=0-{received - 1}",
    "a count": lambda received: f"0-{received}",
    "nothing": lambda received: None,
    "no range": lambda received: "everything",
}


@pytest.mark.parametrize("text", RANGES.values(), ids=RANGES.keys())
def test_what_a_registry_has_is_told_in_many_ways(
    registry: StandInRegistry, image: Layout, text: Callable[[int], Optional[str]]
) -> None:
    def other(request: Request) -> Optional[Reply]:
        if request.method != "PATCH":
            return None
        reply = registry._regular(request)
        received = text(len(registry._uploads[request.path.rpartition("/")[2]]))
        headers = {"Location": reply.headers["Location"]}
        return Reply(reply.status, {**headers, "Range": received} if received else headers)

    registry.quirks = [other]
    push(registry.address, image)
    assert holds(registry, image)
    assert len(registry.asked("^PATCH")) == 4


def test_a_chunk_that_arrived_in_part_is_noticed(registry: StandInRegistry, image: Layout) -> None:
    cut: List[str] = []

    def partly(request: Request) -> Optional[Reply]:
        if request.method != "PATCH" or cut:
            return None
        cut.append(request.path)
        half = Request("PATCH", request.path, {}, request.headers, request.body[:400])
        return registry._regular(half)

    registry.quirks = [partly]
    push(registry.address, image)
    assert holds(registry, image)
    assert cut


def test_chunks_are_as_large_as_the_registry_wants_them(
    registry: StandInRegistry, image: Layout
) -> None:
    def wants(request: Request) -> Optional[Reply]:
        if request.method == "PATCH" and len(request.body) < 1500:
            last = request.headers["Content-Range"].endswith(f"-{len(LARGE) - 1}")
            return None if last else Reply(400)
        reply = registry._regular(request)
        if "/uploads/" in request.path:
            reply = Reply(reply.status, {**reply.headers, "OCI-Chunk-Min-Length": "1500"})
        return reply

    registry.quirks = [wants]
    push(registry.address, image)
    assert holds(registry, image)
    assert len(registry.asked("^PATCH")) == 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("step", ["HEAD", "POST", "PATCH", "PUT"])
def test_a_busy_registry_is_asked_again(
    registry: StandInRegistry, image: Layout, status: int, step: str
) -> None:
    busy: List[str] = []

    def once(request: Request) -> Optional[Reply]:
        if request.method != step or str(request) in busy:
            return None
        busy.append(str(request))
        return Reply(status, {"Retry-After": "0"})

    registry.quirks = [once]
    push(registry.address, image)
    assert busy and holds(registry, image)


def test_a_pause_is_asked_for_in_seconds_or_as_a_date() -> None:
    def pause(text: str) -> float:
        return requested_pause({"Retry-After": text})

    assert pause("7") == 7
    assert pause(" 7 ") == 7
    assert 50 < pause(email.utils.formatdate(time.time() + 60, usegmt=True)) <= 60
    for nothing in ("", "-1", "soon", "1.5.2", "Wed, 21 Oct 2015 07:28:00 GMT", "\xb2", "9-9"):
        assert pause(nothing) == 0
    assert pause("9" * 400) > 0
