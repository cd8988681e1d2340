from __future__ import annotations

import pytest
from oci.sandbox.packages import Package, dumps, loads, package_key


def test_packages_read_back_in_the_order_of_their_urls() -> None:
    pip = Package("pkg:pypi/pip@22.1.2", "pip.whl", "ab" * 32, ("MIT",), requires=("six",))
    bash = Package("pkg:deb/debian/bash@5.1-2?arch=amd64", "bash.deb", "cd" * 32)
    six = Package("pkg:pypi/six@1.16", "pip.whl", "ab" * 32, inside="pypi/pip")
    assert loads(dumps([six, pip, bash])) == [bash, pip, six]


@pytest.mark.parametrize(
    "purl, key",
    [
        ("pkg:pypi/pip@22.1.2", "pypi/pip"),
        (
            "pkg:deb/debian/libstdc%2B%2B6@10.2.1-6?arch=amd64&distro=debian-11",
            "deb/debian/libstdc%2B%2B6",
        ),
    ],
)
def test_a_key_outlives_a_version(purl: str, key: str) -> None:
    assert package_key(purl) == key
