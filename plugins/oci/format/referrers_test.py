from __future__ import annotations

import json

import pytest
from oci.format.errors import FormatError
from oci.format.image import Document
from oci.format.referrers import Referrer, blobs, fallback_tag, layout_entries, read_fallback_index

IMAGE = Document.of({"schemaVersion": 2})
BILL = Document.of({"name": "demo"})
SPDX = Referrer.of(IMAGE, "application/spdx+json", "1.0.spdx.json", BILL, "2022-07-11T00:00:00Z")


def test_a_referrer_names_the_image_that_it_is_about() -> None:
    manifest = json.loads(SPDX.manifest.content)
    assert manifest["subject"]["digest"] == IMAGE.digest
    assert manifest["artifactType"] == "application/spdx+json"
    (layer,) = manifest["layers"]
    assert layer["digest"] == BILL.digest


def test_all_that_a_layout_lists_is_among_its_blobs() -> None:
    known = {document.digest for document in (BILL, *blobs([SPDX]))}
    listed = [entry["digest"] for entry in layout_entries(IMAGE, [SPDX])]
    manifest = json.loads(SPDX.manifest.content)
    inner = [manifest["config"]["digest"], manifest["layers"][0]["digest"]]
    assert {*listed, *inner} <= known


def test_older_registries_find_referrers_by_a_tag() -> None:
    fallback = layout_entries(IMAGE, [SPDX])[-1]
    assert set(fallback["annotations"].values()) == {fallback_tag(IMAGE.digest)}
    (index,) = (each for each in blobs([SPDX]) if each.digest == fallback["digest"])
    assert read_fallback_index(index.content) == [SPDX.descriptor]


def test_who_reads_a_list_needs_no_manifest_to_tell_what_is_what() -> None:
    manifest = json.loads(SPDX.manifest.content)
    for name in ("artifactType", "annotations"):
        assert SPDX.descriptor[name] == manifest[name]


@pytest.mark.parametrize("content", [b"[", b"[]", b"{}", b"null", b'{"manifests": [1]}'])
def test_another_thing_at_the_tag_is_no_list(content: bytes) -> None:
    with pytest.raises(FormatError):
        read_fallback_index(content)
