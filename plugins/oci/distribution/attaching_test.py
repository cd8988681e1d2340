"""Documents about an image are in a registry what they are in the build, whatever was there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, Iterator, Mapping, Set

import pytest
import requests
from oci.distribution.errors import RegistryError
from oci.format.layout import Layout
from oci.testing.images import noise, write_image
from oci.testing.pushing import REPOSITORY, TAG, push
from oci.testing.registry import RegistryServer
from oci.testing.stand_in import Reply, Request, StandInRegistry, digest_of

LAYER = noise("layer", 3000)
BILL, STATEMENT = {"1.0.spdx.json": "a bill"}, {"1.0.provenance.json": "a statement"}
CORRECTED = {"1.0.spdx.json": "a corrected bill"}


def image(folder: Path, about: Mapping[str, str]) -> Layout:
    """The image, always the same, with documents about it."""
    return write_image(folder / str(sorted(about.items())), [LAYER], about=about)


@pytest.fixture
def registry() -> Iterator[StandInRegistry]:
    with StandInRegistry() as running:
        yield running


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[RegistryServer]:
    """A real registry, which lists no referrers by itself."""
    running = RegistryServer(tmp_path / "registry").start()
    yield running
    running.kill()


def texts(address: str, layout: Layout) -> Set[str]:
    """The documents that a client finds, as the spec has it look for them."""
    base = f"http://{address}/v2/{REPOSITORY}"
    accept = {"Accept": "application/vnd.oci.image.index.v1+json, */*"}
    answer = requests.get(f"{base}/referrers/{layout.manifest_digest}", headers=accept)
    if answer.status_code == 404:
        tag = layout.manifest_digest.replace(":", "-")
        answer = requests.get(f"{base}/manifests/{tag}", headers=accept)
        if answer.status_code == 404:
            return set()
    found = set()
    for descriptor in answer.json()["manifests"]:
        accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
        manifest = requests.get(f"{base}/manifests/{descriptor['digest']}", headers=accept).json()
        assert descriptor["artifactType"] == manifest["artifactType"]
        (layer,) = manifest["layers"]
        found.add(requests.get(f"{base}/blobs/{layer['digest']}").text)
    return found


@pytest.mark.parametrize("force", [False, True])
def test_documents_come_to_a_tag_that_is_there(
    debian: RegistryServer, tmp_path: Path, force: bool
) -> None:
    layout = image(tmp_path, {**BILL, **STATEMENT})
    push(debian.address, layout, attach=False)
    assert texts(debian.address, layout) == set()

    said = push(debian.address, layout, force=force)
    assert texts(debian.address, layout) == {"a bill", "a statement"}
    assert said.endswith("it is there already, 2 documents attached\n")
    assert push(debian.address, layout, force=force).endswith("it is there already\n")


def test_a_corrected_document_takes_the_place_of_the_earlier_one(
    debian: RegistryServer, tmp_path: Path
) -> None:
    push(debian.address, image(tmp_path, {**BILL, **STATEMENT}))
    layout = image(tmp_path, {**CORRECTED, **STATEMENT})
    said = push(debian.address, layout)
    assert texts(debian.address, layout) == {"a corrected bill", "a statement"}
    assert "1 document attached, 1 replaced" in said


@pytest.mark.parametrize("says_subject", [True, False])
def test_a_registry_that_lists_by_itself_gets_no_tag(
    registry: StandInRegistry, tmp_path: Path, says_subject: bool
) -> None:
    registry.lists_referrers = True
    registry.says_subject = says_subject
    push(registry.address, image(tmp_path, {**BILL, **STATEMENT}))
    layout = image(tmp_path, {**CORRECTED, **STATEMENT})
    said = push(registry.address, layout)
    assert texts(registry.address, layout) == {"a corrected bill", "a statement"}
    assert "1 document attached, 1 replaced" in said
    assert [tag for _, tag in registry.tags] == [TAG]


def test_what_cannot_be_deleted_is_named(registry: StandInRegistry, tmp_path: Path) -> None:
    registry.lists_referrers = True
    registry.deletes = False
    earlier = image(tmp_path, BILL)
    push(registry.address, earlier)
    (digest,) = {digest for _, digest in registry.manifests} - {earlier.manifest_digest}
    said = push(registry.address, image(tmp_path, CORRECTED))
    assert f"does not let us delete what they replace: delete {digest}\n" in said


def test_what_others_attached_stays(debian: RegistryServer, tmp_path: Path) -> None:
    # Of the same type: one with another name, one without.
    push(debian.address, image(tmp_path, {"scan.json": "a bill of a scanner"}))
    push(debian.address, write_image(tmp_path / "signed", [LAYER], about=["a signature"]))
    layout = image(tmp_path, CORRECTED)
    push(debian.address, image(tmp_path, BILL))
    push(debian.address, layout)
    others = {"a bill of a scanner", "a signature"}
    assert texts(debian.address, layout) == {"a corrected bill", *others}


def test_a_document_that_was_cleaned_up_comes_back(
    registry: StandInRegistry, tmp_path: Path
) -> None:
    layout = image(tmp_path, BILL)
    push(registry.address, layout)
    tagged = set(registry.tags.values())
    for key in [key for key in registry.manifests if key[1] not in tagged]:
        del registry.manifests[key]
    push(registry.address, layout)
    assert texts(registry.address, layout) == {"a bill"}


def test_an_image_with_its_documents_that_is_there_is_not_written_again(
    debian: RegistryServer, registry: StandInRegistry, tmp_path: Path
) -> None:
    layout = image(tmp_path, {**BILL, **STATEMENT})
    for lists_referrers in (False, True):
        registry.lists_referrers = lists_referrers
        push(registry.address, layout)
        registry.requests.clear()
        push(registry.address, layout)
        assert registry.asked("^(PUT|POST|PATCH|DELETE)") == []


@pytest.mark.parametrize("lists_referrers", [False, True])
def test_tags_that_never_change_do_not_keep_an_image_out(
    registry: StandInRegistry, tmp_path: Path, lists_referrers: bool
) -> None:
    registry.immutable = True
    registry.lists_referrers = lists_referrers
    layout = image(tmp_path, {**BILL, **STATEMENT})

    def fail(request: Request) -> "Reply | None":
        tagging = str(request) == f"PUT /v2/{REPOSITORY}/manifests/{TAG}"
        return Reply.error(400, "MANIFEST_INVALID") if tagging else None

    # The first push gets as far as the documents.
    registry.quirks = [fail]
    with pytest.raises(RegistryError):
        push(registry.address, layout)
    registry.quirks = []
    push(registry.address, layout)
    assert registry.tags[REPOSITORY, TAG] == layout.manifest_digest
    assert texts(registry.address, layout) == {"a bill", "a statement"}
    push(registry.address, layout)


def test_a_registry_that_takes_images_alone_is_told(
    registry: StandInRegistry, tmp_path: Path
) -> None:
    def refuse(request: Request) -> "Reply | None":
        return Reply.error(400, "MANIFEST_INVALID") if b'"subject"' in request.body else None

    registry.quirks = [refuse]
    layout = image(tmp_path, BILL)
    with pytest.raises(RegistryError, match=r"takes no documents about an image \(400\).*`attach"):
        push(registry.address, layout)
    assert (REPOSITORY, TAG) not in registry.tags
    push(registry.address, layout, attach=False)
    assert registry.tags[REPOSITORY, TAG] == layout.manifest_digest


def test_documents_are_about_an_image_that_is_there(
    registry: StandInRegistry, tmp_path: Path
) -> None:
    def refuse(request: Request) -> "Reply | None":
        if request.method != "PUT" or b'"subject"' not in request.body:
            return None
        subject = json.loads(request.body)["subject"]["digest"]
        there = (REPOSITORY, subject) in registry.manifests
        return None if there else Reply.error(404, "MANIFEST_UNKNOWN")

    registry.quirks = [refuse]
    layout = image(tmp_path, BILL)
    push(registry.address, layout)
    assert texts(registry.address, layout) == {"a bill"}


def test_a_list_that_must_change_and_cannot_is_told(
    registry: StandInRegistry, tmp_path: Path
) -> None:
    registry.immutable = True
    push(registry.address, image(tmp_path, BILL))
    with pytest.raises(RegistryError, match="take `sha256-\\*` out of its rule.*`attach = false`"):
        push(registry.address, image(tmp_path, CORRECTED))


NO_LISTS: Dict[str, Reply] = {
    "a page": Reply(200, {"Content-Type": "text/html"}, b"<html>not found</html>"),
    "nothing": Reply(200),
    "an empty list, always": Reply(200, {}, b'{"schemaVersion": 2, "manifests": []}'),
    "null": Reply(200, {}, b'{"manifests": null}'),
    "another document": Reply(200, {}, b"[1]"),
    "a refusal": Reply.error(403, "DENIED"),
    "a login": Reply(401),
    "a wrong method": Reply.error(405, "UNSUPPORTED"),
    "a wrong request": Reply.error(400, "NAME_INVALID"),
    "not implemented": Reply(501),
    "a circle": Reply(200, {"Link": '</v2/demo/referrers/x>; rel="next"'}, b'{"manifests": []}'),
    "a page elsewhere": Reply(
        200, {"Link": '<http://other.example.com/>; rel="next"'}, b'{"manifests": []}'
    ),
}


@pytest.mark.parametrize("reply", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_a_list_of_referrers_that_is_none_leads_to_the_tag(
    registry: StandInRegistry, tmp_path: Path, reply: Reply
) -> None:
    registry.quirks = [lambda request: reply if "/referrers/" in request.path else None]
    for about in (BILL, CORRECTED):
        layout = image(tmp_path, about)
        push(registry.address, layout)
        push(registry.address, layout)
    registry.quirks = []
    assert texts(registry.address, layout) == {"a corrected bill"}


def test_all_pages_of_a_list_are_read(registry: StandInRegistry, tmp_path: Path) -> None:
    registry.lists_referrers = True
    layout = image(tmp_path, {**BILL, **STATEMENT})
    push(registry.address, layout)
    complete = registry.answer(
        Request("GET", f"/v2/{REPOSITORY}/referrers/{layout.manifest_digest}", {}, {}, b"")
    )
    listed = json.loads(complete.body)["manifests"]

    def page(request: Request) -> "Reply | None":
        if "/referrers/" not in request.path:
            return None
        number = int(request.query.get("page", ["0"])[0])
        body = json.dumps({"manifests": [listed[number]]}).encode()
        more = {"Link": f'<{request.path}?page={number + 1}>; rel="next"'}
        return Reply(200, more if number + 1 < len(listed) else {}, body)

    registry.quirks = [page]
    registry.requests.clear()
    push(registry.address, layout)
    assert registry.asked("^PUT") == []


def test_a_wrong_subject_is_not_believed(registry: StandInRegistry, tmp_path: Path) -> None:
    def lie(request: Request) -> "Reply | None":
        if request.method != "PUT" or b'"subject"' not in request.body:
            return None
        registry.manifests[REPOSITORY, digest_of(request.body)] = request.body
        return Reply(201, {"OCI-Subject": digest_of(b"another")})

    registry.quirks = [lie]
    layout = image(tmp_path, BILL)
    push(registry.address, layout)
    assert texts(registry.address, layout) == {"a bill"}
