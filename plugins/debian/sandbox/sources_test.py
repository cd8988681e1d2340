from __future__ import annotations

from debian.sandbox.sources import SourcePackage, sources, with_sources
from oci.sandbox.packages import Package

STATUS = """\
Package: libssl1.1
Status: install ok installed
Source: openssl
Version: 1.1.1w-0+deb11u3
Description: Secure Sockets Layer toolkit
 Source: this line is text
 .
 and this one, too

Package: libdevmapper1.02.1
Source: lvm2 (2.03.11-2.1)
Version: 2:1.02.175-2.1

Package: bash
Version: 5.1-2+deb11u1
"""


def test_a_source_has_the_version_of_its_package_unless_it_says_so() -> None:
    assert sources(STATUS) == {
        "libssl1.1": SourcePackage("openssl", "1.1.1w-0+deb11u3"),
        "libdevmapper1.02.1": SourcePackage("lvm2", "2.03.11-2.1"),
    }


def test_the_url_of_a_package_names_its_source_where_that_is_another() -> None:
    names = ("libssl1.1", "bash")
    packages = [Package(f"pkg:deb/debian/{name}@1?arch=amd64", "", "") for name in names]

    assert [each.purl for each in with_sources(packages, STATUS)] == [
        "pkg:deb/debian/libssl1.1@1?arch=amd64&upstream=openssl%401.1.1w-0%2Bdeb11u3",
        "pkg:deb/debian/bash@1?arch=amd64",
    ]
