from __future__ import annotations

from dataclasses import replace

from oci.conflicts import conflicts
from oci.sandbox.mtree import PathInfo
from pants.engine.addresses import Address

OS, PYTHON, APP = Address("os"), Address("python"), Address("app")
FILE = PathInfo("etc/motd", "file", 0o644, 0, 0, 0, size=1, sha256="aa")
OTHER = replace(FILE, sha256="bb")
FOLDER = PathInfo("etc", "dir", 0o755, 0, 0, 0)


def test_two_layers_may_hold_the_same_directory_and_the_same_file() -> None:
    paths = {"etc": FOLDER, "etc/motd": FILE}
    assert conflicts([(OS, None, paths), (APP, None, paths)]) == []


def test_a_path_with_two_contents_is_a_conflict() -> None:
    found = conflicts([(OS, None, {"etc/motd": FILE}), (APP, None, {"etc/motd": OTHER})])
    assert found == [("etc/motd", OS, APP)]


def test_a_directory_with_two_owners_is_a_conflict() -> None:
    found = conflicts([(OS, None, {"etc": FOLDER}), (APP, None, {"etc": replace(FOLDER, uid=1)})])
    assert found == [("etc", OS, APP)]


def test_a_layer_may_change_what_it_is_the_difference_on_top_of() -> None:
    os, python = {"etc/motd": FILE}, {"etc/motd": OTHER}
    assert conflicts([(OS, None, os), (PYTHON, OS, python)]) == []
    assert conflicts([(OS, None, os), (PYTHON, OS, {}), (APP, PYTHON, python)]) == []
