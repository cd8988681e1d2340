from __future__ import annotations

from debian.sandbox.ownership import owners, with_licences, with_owners
from oci.format.packages import Package
from oci.sandbox.layer_writer import Entry, file_entry

LIST = b"/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/lib/libtool.so.1\n/usr/share/man/man1/tool.1.gz\n"
COPYRIGHT = b"Format: 1.0\nLicense: Expat\n"
SYSTEM = {
    entry.path: entry
    for entry in [
        Entry("usr/bin", "dir", 0o755, 1),
        file_entry("usr/bin/tool", b"tool", 0o755, 1),
        Entry("usr/lib/libtool.so.1", "link", 0o777, 1, link="libtool.so.1.0"),
        file_entry("etc/alternatives/made", b"", 0o644, 1),
        file_entry("var/lib/dpkg/info/tool:amd64.list", LIST, 0o644, 1),
        file_entry("var/lib/dpkg/info/tool:amd64.postinst", b"#!/bin/sh\n", 0o755, 1),
        Entry("usr/share/doc/tool", "link", 0o777, 1, link="tool-common"),
        file_entry("usr/share/doc/tool-common/copyright", COPYRIGHT, 0o644, 1),
    ]
}
TOOL = Package("pkg:deb/debian/tool@1.0?arch=amd64", "tool_1.0_amd64.deb", "ab" * 32)


def test_files_and_links_belong_to_the_package_that_lists_them() -> None:
    assert owners(SYSTEM) == {
        "usr/bin/tool": "tool",
        "usr/lib/libtool.so.1": "tool",
        "var/lib/dpkg/info/tool:amd64.list": "tool",
        "var/lib/dpkg/info/tool:amd64.postinst": "tool",
    }


def test_entries_carry_the_key_of_their_package() -> None:
    found = {
        entry.path: entry.package for entry in with_owners(SYSTEM.values(), SYSTEM, {"tool": TOOL})
    }
    assert found["usr/bin/tool"] == "deb/debian/tool"
    assert found["etc/alternatives/made"] == ""


def test_what_belongs_to_a_layer_below_has_no_owner_here() -> None:
    assert {entry.package for entry in with_owners(SYSTEM.values(), SYSTEM, {})} == {""}


def test_a_copyright_file_is_found_behind_a_link() -> None:
    (package,) = with_licences({"tool": TOOL}, SYSTEM)
    assert package.licences == ("Expat",)


def test_a_package_without_copyright_file_has_no_known_licence() -> None:
    (package,) = with_licences({"other": TOOL}, SYSTEM)
    assert package.licences == ()
