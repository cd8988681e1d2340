from __future__ import annotations

from typing import Tuple

import pytest
from vulnerabilities.findings import Advisories, finding
from vulnerabilities.reading.advisory import Severity, Span
from vulnerabilities.testutil import advisory, debian, python

TWO_BRANCHES = (Span("", fixed="1.26.17"), Span("2.0.0", fixed="2.0.6"))


@pytest.mark.parametrize(
    "spans, version, fixed",
    [
        (TWO_BRANCHES, "1.26.9", "1.26.17"),
        (TWO_BRANCHES, "1.26.17", None),
        (TWO_BRANCHES, "2.0.0rc1", None),
        (TWO_BRANCHES, "2.0.5", "2.0.6"),
        ((Span("1.0", fixed="1.10"),), "1.9", "1.10"),
        ((Span("1.0", fixed="1.10"),), "1.10rc1", "1.10"),
        ((Span("1.0", fixed="1.10"),), "1.10.post1", None),
        ((Span("1.0"),), "7", ""),
        # What is said of a version is true of our builds of it.
        ((Span("2.3.0", fixed="2.3.4"),), "2.3.3+astro.1", "2.3.4"),
        ((Span("2.3.0", last_affected="2.3.3"),), "2.3.3+astro.1", ""),
        ((Span("2.3.0", fixed="2.3.3"),), "2.3.3+astro.1", None),
        ((Span("2.3.3+astro.1", fixed="2.3.3+astro.2"),), "2.3.3+astro.1", "2.3.3+astro.2"),
        ((Span("2.3.3+astro.1", fixed="2.3.3+astro.2"),), "2.3.3+astro.2", None),
    ],
)
def test_python_versions_are_ordered_by_pep_440(
    spans: Tuple[Span, ...], version: str, fixed: "str | None"
) -> None:
    found = finding(python("urllib3", version), advisory("PYSEC-1", "urllib3", *spans))

    assert (found.fixed if found else None) == fixed


@pytest.mark.parametrize(
    "version, affected",
    [
        ("1.1.1n-0+deb11u3", True),
        ("1.1.1n-0+deb11u4", False),
        ("1.1.1n-0+deb11u4~bpo10+1", True),
        ("1.1.1n-0+deb11u10", False),
        ("1:1.1.1k-1", False),
    ],
)
def test_debian_versions_are_ordered_as_dpkg_does(version: str, affected: bool) -> None:
    said = advisory("CVE-1", "openssl", Span("", fixed="1.1.1n-0+deb11u4"), suite="bullseye")

    assert bool(finding(debian("openssl", version), said)) == affected


def test_a_version_that_is_only_listed_is_affected() -> None:
    said = advisory("PYSEC-1", "pytz", versions=("2004d", "2022.1"))

    assert finding(python("pytz", "2022.1"), said)
    assert not finding(python("pytz", "2022.2"), said)


def test_advisories_with_a_name_in_common_are_one_vulnerability() -> None:
    advisories = Advisories(
        [
            advisory(
                "PYSEC-1",
                "urllib3",
                Span("", fixed="1.26.17"),
                aliases=("CVE-2023-43804",),
                severity=Severity.UNKNOWN,
            ),
            advisory("GHSA-1", "urllib3", Span("", last_affected="1.26.16"), aliases=("PYSEC-1",)),
            advisory("PYSEC-2", "urllib3", Span("", fixed="1.26.18")),
        ]
    )

    found = advisories.findings([python("urllib3", "1.26.9")]).found

    assert [(each.id, each.fixed, each.advisory.severity) for each in found] == [
        ("CVE-2023-43804", "1.26.17", Severity.HIGH),
        ("PYSEC-2", "1.26.18", Severity.HIGH),
    ]
    assert found[0].names == {"CVE-2023-43804", "GHSA-1", "PYSEC-1"}


def test_an_advisory_is_about_one_suite() -> None:
    said = advisory("CVE-1", "openssl", Span(""), suite="bookworm")

    assert Advisories([said]).findings([debian("openssl", "1")]).found == ()


def test_an_advisory_that_cannot_be_compared_is_told() -> None:
    advisories = Advisories([advisory("PYSEC-1", "pytz", Span("", fixed="2004d"))])

    findings = advisories.findings([python("pytz", "2022.1")])

    assert findings.found == ()
    (sentence,) = findings.unclear
    assert "PYSEC-1 about pytz 2022.1" in sentence and "2004d" in sentence
