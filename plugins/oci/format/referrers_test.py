from __future__ import annotations

import json

from oci.format.referrers import Referrer, blobs, fallback_tag, layout_entries
from oci.image import Document

IMAGE = Document.of({"schemaVersion": 2})
SPDX = Referrer.of(
    IMAGE, "application/spdx+json", "1.0.spdx.json", {"name": "demo"}, "2022-07-11T00:00:00Z"
)


def test_a_referrer_names_the_image_that_it_is_about() -> None:
    manifest = json.loads(SPDX.manifest.content)
    assert manifest["subject"]["digest"] == f"sha256:{IMAGE.sha256}"
    assert manifest["artifactType"] == "application/spdx+json"
    (layer,) = manifest["layers"]
    assert layer["digest"] == f"sha256:{SPDX.content.sha256}"


def test_all_that_a_layout_lists_is_among_its_blobs() -> None:
    known = {f"sha256:{document.sha256}" for document in blobs([SPDX])}
    listed = [entry["digest"] for entry in layout_entries(IMAGE, [SPDX])]
    manifest = json.loads(SPDX.manifest.content)
    inner = [manifest["config"]["digest"], manifest["layers"][0]["digest"]]
    assert {*listed, *inner} <= known


def test_older_registries_find_referrers_by_a_tag() -> None:
    fallback = layout_entries(IMAGE, [SPDX])[-1]
    assert set(fallback["annotations"].values()) == {fallback_tag(IMAGE)}
    (index,) = (each for each in blobs([SPDX]) if f"sha256:{each.sha256}" == fallback["digest"])
    assert json.loads(index.content)["manifests"] == [SPDX.descriptor]
