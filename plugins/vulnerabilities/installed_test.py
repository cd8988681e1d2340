from __future__ import annotations

from oci.format.packages import Package
from vulnerabilities.installed import Ecosystem, Installed, installed


def test_packages_of_one_source_are_one() -> None:
    source = "upstream=openssl%401.1.1w-0%2Bdeb11u3"
    packages = [
        Package(
            f"pkg:deb/debian/{name}@1.1.1w-0%2Bdeb11u3?arch=amd64&distro=debian-11{more}", "", ""
        )
        for name, more in (("libssl1.1", f"&{source}"), ("openssl", ""))
    ]

    assert installed(packages, "bullseye") == (
        Installed(
            Ecosystem.DEBIAN, "openssl", "1.1.1w-0+deb11u3", "bullseye", ("libssl1.1", "openssl")
        ),
    )


def test_a_source_may_have_another_version_than_its_package() -> None:
    purl = "pkg:deb/debian/libdevmapper1.02.1@2%3A1.02.175-2.1?arch=amd64&distro=debian-11"

    (found,) = installed([Package(f"{purl}&upstream=lvm2%402.03.11-2.1", "", "")])

    assert (found.name, found.version, found.binaries) == (
        "lvm2",
        "2.03.11-2.1",
        ("libdevmapper1.02.1",),
    )


def test_what_a_distribution_carries_along_is_told_apart() -> None:
    packages = [
        Package("pkg:pypi/apache-airflow@2.3.3%2Bastro.1", "", ""),
        Package("pkg:pypi/urllib3@1.26.9", "", "", inside="pypi/pip"),
    ]

    assert installed(packages) == (
        Installed(Ecosystem.PYTHON, "apache-airflow", "2.3.3+astro.1"),
        Installed(Ecosystem.PYTHON, "urllib3", "1.26.9", inside="pip"),
    )
