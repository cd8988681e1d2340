"""Registries that have their own way with tags and manifests, as people report of them."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest
from oci.distribution.errors import RegistryError
from oci.format.layout import Layout
from oci.testing.images import write_image
from oci.testing.pushing import REPOSITORY, TAG, push
from oci.testing.quirks import SMALL, holds, on
from oci.testing.stand_in import Reply, Request, StandInRegistry, digest_of


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
    with pytest.raises(RegistryError, match="is not a manifest: correct `address`"):
        push(registry.address, image)
