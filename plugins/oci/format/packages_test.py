from __future__ import annotations

from oci.format.packages import Package, dumps, loads


def test_packages_read_back_in_the_order_of_their_urls() -> None:
    pip = Package("pkg:pypi/pip@22.1.2", "pip.whl", "ab" * 32, ("MIT",), requires=("six",))
    bash = Package("pkg:deb/debian/bash@5.1-2?arch=amd64", "bash.deb", "cd" * 32)
    six = Package("pkg:pypi/six@1.16", "pip.whl", "ab" * 32, inside="pypi/pip")
    assert loads(dumps([six, pip, bash])) == [bash, pip, six]
