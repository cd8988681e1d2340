"""Registries that tell in their own way which blobs they have, as people report of them."""

from __future__ import annotations

from typing import Optional

import pytest
from oci.format.layout import Layout
from oci.testing.pushing import REPOSITORY, push
from oci.testing.quirks import asks_for_tokens, holds
from oci.testing.stand_in import Reply, Request, StandInRegistry


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
