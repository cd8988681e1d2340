"""Registries that keep to the specification in their own way, as people report of them."""

from __future__ import annotations

import email.utils
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pytest
from oci.distribution.errors import RegistryError
from oci.distribution.patience import requested_pause
from oci.format.layout import Layout
from oci.testing.images import write_image
from oci.testing.pushing import ME, REPOSITORY, TAG, push
from oci.testing.quirks import LARGE, SMALL, asks_for_tokens, basic, holds, on
from oci.testing.stand_in import Reply, Request, StandInRegistry, digest_of

# Where a registry says that an upload goes on.


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


# Blobs that are there.


def signed_for_reading(request: Request) -> Optional[Reply]:
    return Reply(403, {}, b"SignatureDoesNotMatch") if request.method == "HEAD" else None


def test_a_blob_behind_an_address_that_is_signed_for_reading_is_there(
    registry: StandInRegistry, storage: StandInRegistry, image: Layout
) -> None:
    push(registry.address, image)
    for (_, digest), content in registry.blobs.items():
        storage.blobs["stored", digest] = content
    storage.quirks = [signed_for_reading]

    def redirect(request: Request) -> Optional[Reply]:
        digest = request.path.rpartition("/")[2]
        if request.method not in ("GET", "HEAD") or (REPOSITORY, digest) not in registry.blobs:
            return None
        place = f"http://{storage.address}/v2/stored/blobs/{digest}?signature=x"
        return Reply(307, {"Location": place})

    registry.quirks = [redirect]
    registry.tags.clear()
    registry.requests.clear()
    push(registry.address, image)
    assert registry.asked("^(POST|PATCH)") == []
    assert holds(registry, image)
    assert not any(request.headers.get("Authorization") for request in storage.requests)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_blob_that_cannot_be_asked_for_is_sent(
    registry: StandInRegistry, storage: StandInRegistry, image: Layout, status: int
) -> None:
    storage.quirks = [lambda request: Reply(status)]

    def redirect(request: Request) -> Optional[Reply]:
        if request.method not in ("GET", "HEAD") or "/blobs/sha256" not in request.path:
            return None
        return Reply(307, {"Location": f"http://{storage.address}{request.path}"})

    registry.quirks = [redirect]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [400, 403, 405])
def test_registries_that_do_not_know_head_are_asked_with_get(
    registry: StandInRegistry, image: Layout, status: int
) -> None:
    push(registry.address, image)
    registry.tags.clear()
    registry.requests.clear()
    registry.quirks = [lambda request: Reply(status) if request.method == "HEAD" else None]
    push(registry.address, image)
    assert registry.asked("^(POST|PATCH)") == []
    assert holds(registry, image)


@pytest.mark.parametrize("length, sent", [("3", True), ("0", True), (None, False)])
def test_a_blob_of_another_size_is_none(
    registry: StandInRegistry, image: Layout, length: Optional[str], sent: bool
) -> None:
    push(registry.address, image)
    registry.tags.clear()
    registry.requests.clear()
    headers = {"Content-Length": length} if length else {"Transfer-Encoding": "chunked"}

    def other(request: Request) -> Optional[Reply]:
        if request.method == "HEAD" and "/blobs/" in request.path:
            return Reply(200, {**headers, "Connection": "close"})
        return None

    registry.quirks = [other]
    push(registry.address, image)
    assert bool(registry.asked("^POST")) is sent
    assert holds(registry, image)


# Blobs of another repository.


@pytest.fixture
def elsewhere(registry: StandInRegistry, image: Layout) -> None:
    """The layers are in another repository."""
    for digest in image.layers:
        registry.blobs["other", digest] = image.blob(digest).read_bytes()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422, 501])
@pytest.mark.usefixtures("elsewhere")
def test_a_refused_mount_is_no_end(registry: StandInRegistry, image: Layout, status: int) -> None:
    registry.quirks = [lambda request: Reply(status) if "mount" in request.query else None]
    push(registry.address, image, mount_from=("other",))
    assert holds(registry, image)


@pytest.mark.parametrize("status, place", [(202, True), (202, False), (200, False), (204, False)])
@pytest.mark.usefixtures("elsewhere")
def test_a_mount_that_opens_an_upload_sends_the_blob(
    registry: StandInRegistry, image: Layout, status: int, place: bool
) -> None:
    def decline(request: Request) -> Optional[Reply]:
        if "mount" not in request.query:
            return None
        if not place:
            return Reply(status)
        return registry._regular(Request("POST", request.path, {}, request.headers, b""))

    registry.quirks = [decline]
    push(registry.address, image, mount_from=("other",))
    assert holds(registry, image)
    # Where it opened an upload, that is the one that is used.
    assert len(registry.asked("^POST")) == (3 if place else 5)


@pytest.mark.usefixtures("elsewhere")
def test_a_token_server_may_refuse_the_other_repository(
    registry: StandInRegistry, image: Layout
) -> None:
    def refuse(request: Request) -> Optional[Reply]:
        if request.path == "/token" and any("other" in each for each in request.query["scope"]):
            return Reply(403)
        return None

    registry.quirks = [refuse, asks_for_tokens(registry)]
    push(registry.address, image, mount_from=("other",))
    assert holds(registry, image)


# Tags.


@pytest.mark.parametrize("status", [400, 403, 405, 501])
@pytest.mark.parametrize("methods", [("HEAD",), ("HEAD", "GET")])
def test_a_tag_that_is_not_there_may_be_refused(
    registry: StandInRegistry, image: Layout, status: int, methods: "tuple[str, ...]"
) -> None:
    def refuse(request: Request) -> Optional[Reply]:
        absent = (REPOSITORY, TAG) not in registry.tags and "/manifests/" in request.path
        return Reply(status) if absent and request.method in methods else None

    registry.quirks = [refuse]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [403, 405])
def test_a_tag_that_is_there_is_protected_without_head(
    registry: StandInRegistry, image: Layout, tmp_path: Path, status: int
) -> None:
    push(registry.address, write_image(tmp_path, [SMALL]))
    registry.quirks = [on("HEAD", "/manifests/", Reply(status))]
    with pytest.raises(RegistryError, match="the tag is there and points at"):
        push(registry.address, image)
    push(registry.address, image, force=True)
    assert holds(registry, image)


def test_a_tag_that_nobody_may_read_is_written_by_force_alone(
    registry: StandInRegistry, image: Layout, tmp_path: Path
) -> None:
    push(registry.address, write_image(tmp_path, [SMALL]))
    before = dict(registry.tags)

    def unreadable(request: Request) -> Optional[Reply]:
        reading = request.method in ("HEAD", "GET") and "/uploads/" not in request.path
        return Reply.error(403, "DENIED") if reading else None

    registry.quirks = [unreadable]
    with pytest.raises(RegistryError, match=r"does not say what the tag points at \(403\)"):
        push(registry.address, image)
    assert registry.tags == before
    push(registry.address, image, force=True)
    assert holds(registry, image)


@pytest.mark.parametrize("digest", [None, "", "sha512:" + "a" * 128])
def test_a_tag_whose_digest_is_not_told_is_read(
    registry: StandInRegistry, image: Layout, tmp_path: Path, digest: Optional[str]
) -> None:
    def other(request: Request) -> Optional[Reply]:
        if "/manifests/" not in request.path:
            return None
        reply = registry._regular(request)
        headers = {k: v for k, v in reply.headers.items() if k != "Docker-Content-Digest"}
        if digest is not None:
            headers["Docker-Content-Digest"] = digest
        return Reply(reply.status, headers, reply.body)

    registry.quirks = [other]
    push(registry.address, image)
    assert "it is there already" in push(registry.address, image)
    with pytest.raises(RegistryError, match=f"points at {image.manifest_digest}"):
        push(registry.address, write_image(tmp_path, [SMALL]))


def test_a_manifest_that_is_stored_as_another_is_told(
    registry: StandInRegistry, image: Layout
) -> None:
    reply = Reply(201, {"Docker-Content-Digest": digest_of(b"another")})
    registry.quirks = [on("PUT", "/manifests/", reply)]
    with pytest.raises(RegistryError, match="it changes what it is given"):
        push(registry.address, image)


def test_a_web_server_is_no_registry(registry: StandInRegistry, image: Layout) -> None:
    page = Reply(200, {"Content-Type": "text/html"}, b"<html>welcome</html>")
    registry.quirks = [lambda request: page]
    with pytest.raises(RegistryError, match="is no manifest: correct `address`"):
        push(registry.address, image)


# Uploads.


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


# Registries that are busy.


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
