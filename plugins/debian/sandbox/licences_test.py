from __future__ import annotations

from debian.sandbox.licences import licences

MACHINE_READABLE = """\
Format: https://example.org/copyright-format/1.0/
Upstream-Name: example

Files: *
Copyright: 2020 A
License: GPL-2+ or Artistic

Files: debian/*
Copyright: 2021 B
License: Expat
 Permission is hereby granted.

License: GPL-2+
 The text.
"""


def test_the_short_names_of_all_files_are_found() -> None:
    assert licences(MACHINE_READABLE) == ("Expat", "GPL-2+ or Artistic")


def test_a_free_text_is_known_by_the_texts_that_it_refers_to() -> None:
    text = "The text is in /usr/share/common-licenses/GPL-2. And: /usr/share/common-licenses/LGPL."
    assert licences(text) == ("common-licenses/GPL-2", "common-licenses/LGPL")


def test_a_text_that_names_nothing_leaves_the_licence_unknown() -> None:
    assert licences("Do what you like.\nLicense: none of a known format") == ()
