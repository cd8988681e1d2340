from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest
from debian.sandbox.changelogs import entries, read
from oci.sandbox.errors import SandboxError

CHANGELOG = """\
hello (1.0-1+deb11u2) bullseye-security; urgency=medium

  * CVE-2022-2068: quote file names.
  * Fix CVE-2022-1292, as DSA-5139-1 announced (closes: #1).

 -- A Maintainer <maintainer@example.org>  Sat, 25 Jun 2022 01:00:00 +0200

hello (1.0-1) unstable; urgency=low

  * CVE-2020-1971.

 -- A Maintainer <maintainer@example.org>  Mon, 01 Feb 2021 12:00:00 +0000
"""


class Packages:
    """A folder of real packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "debs"
        self.folder.mkdir()
        self._tree = folder / "tree"

    def add(self, name: str, *, changelog: str = "", same_as: str = "") -> None:
        root = self._tree / name
        doc = root / "usr/share/doc"
        doc.mkdir(parents=True)
        if same_as:
            (doc / name).symlink_to(same_as)
        else:
            (doc / name).mkdir()
        if changelog:
            (doc / name / "changelog.Debian.gz").write_bytes(gzip.compress(changelog.encode()))
            (doc / name / "changelog.gz").write_bytes(gzip.compress(b"upstream's"))
        control = root / "DEBIAN/control"
        control.parent.mkdir()
        control.write_text(
            f"Package: {name}\nVersion: 1.0\nArchitecture: all\n"
            "Maintainer: A <a@example.org>\nDescription: test\n"
        )
        command = ["dpkg-deb", "--build", "--root-owner-group", str(root), str(self.folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path)


def test_an_upload_is_told_with_what_it_fixed() -> None:
    (entry,) = entries(CHANGELOG, since="2022-01-01")

    assert (entry.source, entry.version) == ("hello", "1.0-1+deb11u2")
    assert entry.date == "2022-06-24"
    assert entry.fixes == ["CVE-2022-1292", "CVE-2022-2068", "DSA-5139-1"]


def test_a_fix_belongs_to_the_upload_that_names_it() -> None:
    assert [entry.fixes for entry in entries(CHANGELOG, since="2021-01-01")][1] == ["CVE-2020-1971"]


def test_the_changelog_is_read_from_the_package(packages: Packages) -> None:
    packages.add("hello", changelog=CHANGELOG)

    assert [entry.version for entry in read(packages.folder, "2022-01-01")["hello"]] == [
        "1.0-1+deb11u2"
    ]


def test_a_package_may_share_the_documentation_of_another(packages: Packages) -> None:
    packages.add("hello", changelog=CHANGELOG)
    packages.add("libhello", same_as="hello")
    found = read(packages.folder, "2022-01-01")

    assert found["libhello"] == found["hello"] != []


def test_a_package_without_a_changelog_has_no_uploads(packages: Packages) -> None:
    packages.add("bare")

    assert read(packages.folder, "2022-01-01") == {"bare": []}


def test_a_file_that_is_no_package_is_named(packages: Packages) -> None:
    (packages.folder / "broken_1_all.deb").write_bytes(b"!<arch>\n")

    with pytest.raises(SandboxError, match="^broken_1_all.deb is not a Debian package"):
        read(packages.folder, "2022-01-01")
