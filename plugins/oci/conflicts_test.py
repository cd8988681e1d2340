from __future__ import annotations

from dataclasses import replace
from typing import Mapping

from oci.conflicts import StackedLayer, conflicts, differing_paths, pairs_to_compare
from oci.format.mtree import PathInfo
from pants.engine.addresses import Address

OS, PYTHON, APP = Address("os"), Address("python"), Address("app")
FILE = PathInfo("etc/motd", "file", 0o644, 0, 0, 0, size=1, sha256="aa")
OTHER = replace(FILE, sha256="bb")
FOLDER = PathInfo("etc", "dir", 0o755, 0, 0, 0)


def found(*layers: tuple[Address, Address | None, Mapping[str, PathInfo]]) -> list:
    stack = [StackedLayer(*layer) for layer in layers]
    pairs = pairs_to_compare(stack)
    differing = {(a, b): differing_paths(stack[a].paths, stack[b].paths) for a, b in pairs}
    return conflicts(stack, differing)


def test_two_layers_may_hold_the_same_directory_and_the_same_file() -> None:
    paths = {"etc": FOLDER, "etc/motd": FILE}
    assert found((OS, None, paths), (APP, None, paths)) == []


def test_a_path_with_two_contents_is_a_conflict() -> None:
    few, many = {"etc/motd": FILE}, {"etc": FOLDER, "etc/motd": OTHER}
    assert found((OS, None, few), (APP, None, many)) == [("etc/motd", OS, APP)]
    assert found((OS, None, many), (APP, None, few)) == [("etc/motd", OS, APP)]


def test_bytecode_follows_the_time_of_its_source_which_may_differ() -> None:
    source = PathInfo("lib/m.py", "file", 0o644, 0, 0, 0, size=1, sha256="aa")
    pyc = PathInfo("lib/__pycache__/m.cpython-39.pyc", "file", 0o644, 0, 0, 0, size=1, sha256="aa")
    lower = {source.path: source, pyc.path: pyc}
    upper = {source.path: replace(source, mtime=1), pyc.path: replace(pyc, mtime=1, sha256="bb")}
    assert found((OS, None, lower), (APP, None, upper)) == []

    edited = {**upper, source.path: replace(source, sha256="bb")}
    assert found((OS, None, lower), (APP, None, edited)) == [(source.path, OS, APP)]


def test_a_directory_with_two_owners_is_a_conflict() -> None:
    other = {"etc": replace(FOLDER, uid=1)}
    assert found((OS, None, {"etc": FOLDER}), (APP, None, other)) == [("etc", OS, APP)]


def test_a_layer_may_change_what_it_is_the_difference_on_top_of() -> None:
    os, python = {"etc/motd": FILE}, {"etc/motd": OTHER}
    assert found((OS, None, os), (PYTHON, OS, python)) == []
    assert found((OS, None, os), (PYTHON, OS, {}), (APP, PYTHON, python)) == []


def test_a_layer_is_compared_with_the_last_that_changed_a_path() -> None:
    os, python = {"etc/motd": FILE}, {"etc/motd": OTHER}
    assert found((OS, None, os), (PYTHON, OS, python), (APP, None, python)) == []
    assert found((OS, None, os), (PYTHON, OS, python), (APP, None, os)) == [
        ("etc/motd", PYTHON, APP)
    ]


def test_conflicts_stand_in_the_order_of_paths() -> None:
    lower = {"b": replace(FILE, path="b"), "a": replace(FILE, path="a")}
    upper = {path: replace(info, sha256="bb") for path, info in lower.items()}
    assert [path for path, *_ in found((OS, None, lower), (APP, None, upper))] == ["a", "b"]
