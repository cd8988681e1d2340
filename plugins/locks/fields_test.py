from __future__ import annotations

import re
from typing import Any

import pytest
from locks.fields import Fields
from locks.unique_keys import read_json


class FileError(Exception):
    """Of these tests."""


def fields(content: bytes, **more: Any) -> Fields:
    return Fields.read("a.yaml", FileError, content, "the manual", **more)


def size_of_a(read: Fields) -> int:
    return read.part("a").whole(lambda a: a.number("size"))


def test_what_is_right_is_taken() -> None:
    read = fields(b"a: {size: 1}\nb: [{c: x}, {c: y}]\nd:\n  e: {}\n")

    assert size_of_a(read) == 1
    assert [entry.text("c") for entry in read.entries("b", "")] == ["x", "y"]
    assert list(read.parts("d")) == ["e"]
    assert read.lacks("f") and not read.lacks("a")


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"a: {sise: 1}", "the field `a.size` is missing (is `sise` meant to be it?). Write a"),
        (b"a: {size: 1, sice: 2}", "there is no field `a.sice`. Is `size` meant?"),
        (b"a: {size: yes}", "`a.size` is True. Write a number above 0"),
        (b"a: {size: 0}", "`a.size` is 0. Write a number above 0"),
        (b"a: [size]", "`a` is ['size']. Map names to values."),
        (b"a: {1: 2}", "`a` is 1. Map names to values."),
        (b"a: {size: 1, size: 1}", "the key 'size' stands twice, again in line 1. Keep one"),
        (b"a: {", "this is not valid YAML in line 1. Correct its syntax."),
        (b"- a", "this is not a mapping of fields. See the manual."),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_to_write(
    content: bytes, problem: str
) -> None:
    with pytest.raises(FileError, match=f"^a.yaml: {re.escape(problem)}"):
        size_of_a(fields(content))


def test_a_long_value_is_cut() -> None:
    with pytest.raises(FileError) as error:
        size_of_a(fields(b"a: {size: " + b"x" * 5_000 + b"}"))
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"{}", b'{"a": 1}', b'{"a": {"size": "1"}}', b'{"a": {}, "a": {}}']
)
def test_a_file_that_a_program_wrote_has_one_fix(content: bytes) -> None:
    with pytest.raises(FileError, match=r"^a.yaml: .*\. Write it anew\.$"):
        size_of_a(fields(content, load=read_json, fix="Write it anew."))
