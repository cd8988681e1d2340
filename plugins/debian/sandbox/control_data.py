"""Reads Debian control data: paragraphs of fields. Source: deb822(5)."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser
from typing import Iterator


def paragraphs(text: str) -> Iterator[str]:
    """The text of each paragraph; lines that hold nothing but white space are between them."""
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", text):
        if paragraph.strip():
            yield paragraph.lstrip("\n")


def stanzas(text: str) -> Iterator[Message]:
    """The fields of each paragraph, by names in any case.

    A value of several lines keeps their breaks. What is not a field ends the paragraph's fields.
    """
    return map(HeaderParser().parsestr, paragraphs(text))
