"""Pushes to a real registry, through connections that break."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
import requests
from oci.distribution.address import parse_address
from oci.distribution.client import RegistryClient
from oci.distribution.errors import RegistryError
from oci.distribution.progress import Progress
from oci.distribution.push import Push
from oci.distribution.push_request import PushRequest
from oci.distribution.repository import Repository
from oci.format.layout import Layout
from oci.testing.images import MB, noise, write_image
from oci.testing.proxy import Proxy
from oci.testing.registry import RegistryServer

BIG, SMALL, OTHER = noise("big", 4 * MB), noise("small", MB // 2), noise("other", MB // 2)

OVERHEAD = 20_000
"""Bytes of headers and of JSON in a push, at most."""


class Machine:
    """A machine that pushes, by way of a proxy that counts and cuts."""

    kind = "application/vnd.oci.image"

    def __init__(self, registry: RegistryServer, proxy: Proxy) -> None:
        self.registry = registry
        self.proxy = proxy
        self.chunk = MB
        self.output = io.StringIO()
        self.pause = 0.02

    def push(
        self,
        layout: Layout,
        repository: str = "astro-runtime",
        tag: str = "5.0.6",
        force: bool = False,
        mount_from: "tuple[str, ...]" = (),
    ) -> int:
        """Push; returns how many bytes were sent."""
        before = self.proxy.sent
        address = self.proxy.address
        request = PushRequest(address, False, repository, tag, force, mount_from, self.chunk)
        client = RegistryClient(parse_address(address), lambda: None, self.pause)
        progress = Progress(f"{repository}:{tag}", self.output)
        Push(Repository(client, repository), layout, request, progress).run()
        return self.proxy.sent - before

    def get(self, path: str) -> requests.Response:
        accept = {"Accept": f"{self.kind}.manifest.v1+json, {self.kind}.index.v1+json, */*"}
        return requests.get(f"http://{self.registry.address}/v2/{path}", headers=accept)

    def holds(self, layout: Layout, repository: str = "astro-runtime", tag: str = "5.0.6") -> bool:
        """Whether the tag gives the image, with all of its bytes."""
        accept = {"Accept": layout.manifest["mediaType"]}
        url = f"http://{self.registry.address}/v2/{repository}/manifests/{tag}"
        answer = requests.get(url, headers=accept)
        return answer.content == layout.blob(layout.manifest_digest).read_bytes() and all(
            self.get(f"{repository}/blobs/{digest}").content == layout.blob(digest).read_bytes()
            for digest in (*layout.layers, layout.config_digest)
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    registry = RegistryServer(tmp_path / "registry").start()
    proxy = Proxy(registry.port)
    yield Machine(registry, proxy)
    proxy.close()
    registry.kill()


def nth(count: int, start: bytes) -> Callable[[bytes], bool]:
    """Says yes to the nth piece that starts like this: a request that follows an answer."""
    seen: List[bytes] = []

    def test(piece: bytes) -> bool:
        if piece.startswith(start):
            seen.append(piece)
        return len(seen) >= count

    return test


def after(count: int) -> Callable[[bytes], bool]:
    """Says yes when this many bytes have been sent."""
    sent = [0]

    def test(piece: bytes) -> bool:
        sent[0] += len(piece)
        return sent[0] > count

    return test


def test_an_image_arrives_with_all_of_its_bytes(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [BIG, SMALL])
    assert len(BIG) + len(SMALL) < machine.push(image) < len(BIG) + len(SMALL) + OVERHEAD
    assert machine.holds(image)
    assert image.manifest_digest in machine.output.getvalue()


def test_requests_say_how_long_they_are(machine: Machine, tmp_path: Path) -> None:
    pieces: List[bytes] = []

    def note(piece: bytes) -> bool:
        pieces.append(piece)
        return False

    machine.proxy.cut_when = note
    machine.push(write_image(tmp_path / "image", [BIG]))
    heads = [piece.partition(b"\r\n\r\n")[0] for piece in pieces if piece.startswith(b"PATCH ")]
    assert len(heads) == 4
    assert all(f"Content-Length: {MB}".encode() in head for head in heads)


def test_an_image_that_is_there_costs_one_request(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [SMALL])
    machine.push(image)
    assert machine.push(image) < 500


def test_of_many_images_a_layer_that_they_share_is_sent_once(
    machine: Machine, tmp_path: Path
) -> None:
    releases = [f"5.0.{patch}" for patch in range(6)]
    for tag in releases:
        image = write_image(tmp_path / tag, [BIG, noise(tag, 1000)], tag)
        machine.push(image, tag=tag)
    changed = noise("the big layer, changed", 4 * MB)
    sent = [
        machine.push(
            write_image(tmp_path / f"new {tag}", [changed, noise(tag, 1000)], tag), tag=f"{tag}-1"
        )
        for tag in releases
    ]
    assert len(changed) < sent[0] < len(changed) + OVERHEAD
    assert max(sent[1:]) < OVERHEAD


def test_a_layer_is_taken_over_from_another_repository(machine: Machine, tmp_path: Path) -> None:
    machine.push(write_image(tmp_path / "one", [BIG, SMALL]), "team/one")
    other = write_image(tmp_path / "two", [BIG, OTHER])
    sent = machine.push(other, "team/two", mount_from=("team/none", "team/one"))
    assert sent < len(OTHER) + OVERHEAD
    assert machine.holds(other, "team/two")


def test_documents_about_an_image_are_listed_beside_what_others_attached(
    machine: Machine, tmp_path: Path
) -> None:
    def listed(layout: Layout) -> "dict[str, str]":
        tag = layout.manifest_digest.replace(":", "-")
        index = machine.get(f"astro-runtime/manifests/{tag}").json()
        found = {}
        for descriptor in index["manifests"]:
            manifest = machine.get(f"astro-runtime/manifests/{descriptor['digest']}").json()
            assert manifest["subject"]["digest"] == layout.manifest_digest
            text = machine.get(f"astro-runtime/blobs/{manifest['layers'][0]['digest']}").text
            found[descriptor["digest"]] = text
        return found

    image = write_image(tmp_path / "image", [SMALL], about=["a bill", "a statement"])
    machine.push(image)
    assert sorted(listed(image).values()) == ["a bill", "a statement"]

    # The same image with another document, as somebody who signs it would push.
    signed = write_image(tmp_path / "signed", [SMALL], about=["a signature"])
    machine.push(signed, tag="signed")
    assert sorted(listed(image).values()) == ["a bill", "a signature", "a statement"]


def test_a_tag_that_points_at_another_image_is_not_moved(machine: Machine, tmp_path: Path) -> None:
    first = write_image(tmp_path / "first", [SMALL])
    second = write_image(tmp_path / "second", [OTHER])
    machine.push(first)
    with pytest.raises(RegistryError, match="does not change.*--oci-publish-force"):
        machine.push(second)
    assert machine.holds(first)

    machine.push(second, force=True)
    assert machine.holds(second)


@pytest.mark.parametrize("chunk", [MB, 8 * MB])
def test_after_a_cut_no_other_blob_is_sent_twice(
    machine: Machine, tmp_path: Path, chunk: int
) -> None:
    machine.chunk = chunk
    image = write_image(tmp_path / "image", [BIG, SMALL])
    machine.push(write_image(tmp_path / "below", [SMALL]), tag="below")
    machine.proxy.cut_when = after(3 * MB)
    sent = machine.push(image)
    assert machine.holds(image)
    assert sent < 3 * MB + len(BIG) + OVERHEAD


def test_a_registry_that_dies_leaves_no_tag_and_the_next_push_sends_what_is_missing(
    machine: Machine, tmp_path: Path
) -> None:
    image = write_image(tmp_path / "image", [BIG, SMALL])
    machine.push(write_image(tmp_path / "below", [SMALL]), tag="below")
    machine.proxy.on_cut = machine.registry.kill
    machine.proxy.cut_when = nth(4, b"PATCH ")
    with pytest.raises(RegistryError, match="what has arrived whole is not sent again"):
        machine.push(image)
    machine.registry.start()
    assert machine.get("astro-runtime/manifests/5.0.6").status_code == 404

    assert machine.push(image) < len(BIG) + OVERHEAD
    assert machine.holds(image)


def test_a_registry_that_comes_back_in_time_is_waited_for(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [BIG])
    machine.pause = 0.5
    died = threading.Event()

    def die() -> None:
        machine.registry.kill()
        died.set()

    machine.proxy.on_cut = die
    machine.proxy.cut_when = after(2 * MB)
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(machine.push, image)
        assert died.wait(60)
        machine.registry.start()
        pushing.result(timeout=120)
    assert machine.holds(image)


def test_an_answer_that_gets_lost_sends_nothing_again(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [BIG])

    def lose_the_answer(piece: bytes) -> bool:
        if not piece.startswith(b"PUT "):
            return False
        # The request that completes the blob reaches the registry, and its answer nobody.
        target = piece.split(b" ")[1].decode()
        return requests.put(f"http://{machine.registry.address}{target}").ok

    machine.proxy.cut_when = lose_the_answer
    assert machine.push(image) < len(BIG) + OVERHEAD
    assert machine.holds(image)


def test_bytes_that_change_on_the_way_are_told(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [SMALL])
    blob = image.blob(image.layers[0])
    blob.write_bytes(SMALL[:-1] + b"?")
    with pytest.raises(RegistryError, match="what arrived is not the blob sha256:"):
        machine.push(image)
    assert machine.get("astro-runtime/manifests/5.0.6").status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost:1"])
def test_no_registry_is_one_sentence(tmp_path: Path, address: str) -> None:
    client = RegistryClient(parse_address(address), lambda: None, pause=0.001)
    with pytest.raises(RegistryError) as error:
        Repository(client, "astro-runtime").manifest_digest("5.0.6")
    assert str(error.value).startswith(f"{address}/astro-runtime: nothing listens at")


def test_a_full_disk_of_the_registry_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    small = 'mount -t tmpfs -o size=300k tmpfs "$0" && exec "$@"'
    wrapper = ["unshare", "--mount", "--map-root-user", "sh", "-c", small, str(folder / "content")]
    registry = RegistryServer(folder, wrapper=wrapper).start()
    machine = Machine(registry, Proxy(registry.port))
    try:
        with pytest.raises(RegistryError, match="the registry's disk is full"):
            machine.push(write_image(tmp_path / "image", [SMALL]))
    finally:
        machine.proxy.close()
        registry.kill()


def test_progress_is_told(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", [SMALL])
    machine.push(image)
    machine.push(image)
    lines = machine.output.getvalue().splitlines()
    assert "0 of 2 blobs are there" in lines[0] and "kB to go" in lines[0]
    assert f"{image.manifest_digest}, 52" in lines[-2] and "kB sent in" in lines[-2]
    assert lines[-1] == "astro-runtime:5.0.6: it is there already"
