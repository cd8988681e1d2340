from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from oci.sandbox.errors import SandboxError
from vulnerabilities.reading.advisory import Severity, Span
from vulnerabilities.reading.osv import mentions, read

NAMES = {"demo-package"}

YAML = b"""\
id: PYSEC-2026-1
modified: "2026-01-02T03:04:05.000000Z"
details: |
  Demo sends what it should keep.
  More of the same.
aliases: [CVE-2026-1, GHSA-aaaa-bbbb-cccc]
affected:
- package:
    ecosystem: PyPI
    name: Demo_Package
    purl: pkg:pypi/demo-package
  ranges:
  - type: GIT
    repo: https://git.example/demo
    events:
    - introduced: "0"
    - fixed: 0123456789abcdef0123456789abcdef01234567
  - type: ECOSYSTEM
    events:
    - fixed: 2.0.6
    - introduced: 2.0.0
    - introduced: "0"
    - fixed: 1.26.17
  versions: ["1.0", 1.1.0]
- package: {ecosystem: npm, name: demo-package}
  ranges: []
"""


def osv(**fields: Any) -> Dict[str, Any]:
    affected = {"package": {"ecosystem": "PyPI", "name": "demo.package"}, "versions": ["1.0"]}
    return {"id": "GHSA-1", "affected": [affected], **fields}


def test_an_advisory_of_the_pypa_database_is_read() -> None:
    (found,) = read("a.yaml", YAML, NAMES)

    assert found.id == "PYSEC-2026-1"
    assert found.aliases == ("CVE-2026-1", "GHSA-aaaa-bbbb-cccc")
    assert found.package == "demo-package"
    assert found.summary == "Demo sends what it should keep. More of the same."
    assert found.spans == (Span("", fixed="1.26.17"), Span("2.0.0", fixed="2.0.6"))
    assert found.versions == ("1.0", "1.1.0")
    assert found.severity == Severity.UNKNOWN


def test_json_is_read_as_well() -> None:
    vector = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    (found,) = read("a.json", json.dumps(osv(severity=[vector])).encode(), NAMES)

    assert found.severity == Severity.CRITICAL


def severity(**fields: Any) -> Severity:
    (found,) = read("a.json", json.dumps(osv(**fields)).encode(), NAMES)
    return found.severity


@pytest.mark.parametrize(
    "kind, vector",
    [
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"),
        ("CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
        ("Ubuntu", "high"),
    ],
)
def test_a_vector_of_any_version_counts_alone(kind: str, vector: str) -> None:
    assert severity(severity=[{"type": kind, "score": vector}]) == Severity.HIGH


@pytest.mark.parametrize("part", ["database_specific", "ecosystem_specific"])
def test_a_word_for_the_severity_counts_where_there_is_no_vector(part: str) -> None:
    package = {"ecosystem": "PyPI", "name": "demo.package"}

    assert severity(**{part: {"severity": "MODERATE"}}) == Severity.MEDIUM
    assert severity(affected=[{"package": package, part: {"severity": "low"}}]) == Severity.LOW


@pytest.mark.parametrize(
    "content", [json.dumps(osv(withdrawn="2026-02-01T00:00:00Z")).encode(), b"- a list\n", b""]
)
def test_what_is_withdrawn_or_no_advisory_is_passed_over(content: bytes) -> None:
    assert read("a", content, NAMES) == []


def test_a_file_is_told_by_the_names_in_it() -> None:
    assert mentions(YAML, NAMES)
    assert mentions(json.dumps(osv()).encode(), NAMES)
    assert not mentions(YAML, {"demo"})


@pytest.mark.parametrize(
    "content, problem",
    [
        (b'{"id": "X', "neither JSON nor YAML"),
        (b"id: [", "neither JSON nor YAML"),
        (b'{"id": "X", "id": "Y"}', "the key 'id' stands twice"),
        (b"id: X\nid: Y\n", "the key 'id' stands twice, again in line 2"),
        (b"id: X\naffected: 7\n", "not an advisory in the OSV format"),
        (json.dumps(osv(affected=[{"package": "demo"}])).encode(), "not an advisory in the OSV"),
        (json.dumps(osv(aliases="CVE-1")).encode(), "'CVE-1' is not a list of texts"),
        (YAML.replace(b"fixed: 2.0.6", b"repaired: 2.0.6"), "the event {'repaired': '2.0.6'}"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(content: bytes, problem: str) -> None:
    with pytest.raises(SandboxError) as error:
        read("db.zip: a.yaml", content, NAMES)

    assert str(error.value).startswith("db.zip: a.yaml: ")
    assert problem in str(error.value)
