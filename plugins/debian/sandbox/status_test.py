from __future__ import annotations

import pytest
from debian.sandbox.status import SourcePackage, distribution, records, with_records
from oci.format.packages import Package

STATUS = """\
Package: libssl1.1
Status: install ok installed
Source: openssl
Version: 1.1.1w-0+deb11u3
Depends: libc6 (>= 2.25),
 debconf (>= 0.5) | debconf-2.0
Description: Secure Sockets Layer toolkit
 Source: this line is text
 .
 and this one, too

Package: libdevmapper1.02.1
Source: lvm2 (2.03.11-2.1)
Version: 2:1.02.175-2.1

Package: bash
Version: 5.1-2+deb11u1
Pre-Depends: libc6 (>= 2.25), libtinfo6 (>= 6)
Depends: base-files (>= 2.1.12)
"""
OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 11"\nVERSION_ID="11"\nID=debian\n'


def test_a_source_has_the_version_of_its_package_unless_it_says_so() -> None:
    assert {name: record.source for name, record in records(STATUS).items()} == {
        "libssl1.1": SourcePackage("openssl", "1.1.1w-0+deb11u3"),
        "libdevmapper1.02.1": SourcePackage("lvm2", "2.03.11-2.1"),
        "bash": None,
    }


def test_what_a_package_needs_is_told_word_for_word() -> None:
    found = records(STATUS)

    assert found["libssl1.1"].requires == ("libc6 (>= 2.25)", "debconf (>= 0.5) | debconf-2.0")
    assert found["libdevmapper1.02.1"].requires == ()
    assert found["bash"].requires == (
        "libc6 (>= 2.25)",
        "libtinfo6 (>= 6)",
        "base-files (>= 2.1.12)",
    )


def test_the_url_of_a_package_names_its_distribution_and_a_source_of_another_name() -> None:
    names = ("libssl1.1", "bash", "unknown")
    packages = [Package(f"pkg:deb/debian/{name}@1?arch=amd64", "", "") for name in names]

    assert [each.purl for each in with_records(packages, STATUS, OS_RELEASE)] == [
        "pkg:deb/debian/libssl1.1@1?arch=amd64&distro=debian-11"
        "&upstream=openssl%401.1.1w-0%2Bdeb11u3",
        "pkg:deb/debian/bash@1?arch=amd64&distro=debian-11",
        "pkg:deb/debian/unknown@1?arch=amd64&distro=debian-11",
    ]


@pytest.mark.parametrize(
    "text, name",
    [
        (OS_RELEASE, "debian-11"),
        ("ID=debian\nVERSION_CODENAME=forky\n", "debian"),
        ("ID='debian'\nVERSION_ID=12", "debian-12"),
        ("", "debian"),
    ],
)
def test_a_distribution_is_called_as_its_os_release_says(text: str, name: str) -> None:
    assert distribution(text) == name


def test_a_status_without_packages_has_no_records() -> None:
    assert records("\n\n") == {}
