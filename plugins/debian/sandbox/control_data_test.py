from __future__ import annotations

from debian.sandbox.control_data import paragraphs, stanzas

TEXT = """
Package: a
Version: 1:1.0-1
Depends: b,
 c (>= 2)

\t
Package: b
Description: text: with colons
 .
 More
"""


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert [each.splitlines()[0] for each in paragraphs(TEXT)] == ["Package: a", "Package: b"]
    assert list(paragraphs("")) == list(paragraphs("\n \n\n")) == []


def test_fields_are_found_in_any_case_with_all_their_lines() -> None:
    first, second = stanzas(TEXT)

    assert (first["package"], first["Version"]) == ("a", "1:1.0-1")
    assert " ".join(first["Depends"].split()) == "b, c (>= 2)"
    assert second["Description"].splitlines()[0] == "text: with colons"
    assert second["Version"] is None
