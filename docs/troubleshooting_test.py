"""The messages that docs/troubleshooting.md explains are those that the programs write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Tuple

import pytest

PAGE = Path("docs/troubleshooting.md")
_SOURCES = ("3rdparty/tools", "docs/deploy", "layers/astro", "plugins", "tests/images")
_KINDS = {"", ".py", ".sh", ".yaml"}


def entries() -> List[str]:
    """The first column of all tables but those of other programs' messages."""
    ours, _, _ = PAGE.read_text().partition("## Messages of other programs")
    return re.findall(r"^\| `([^`]+)` \|", ours, re.MULTILINE)


def texts() -> str:
    """All sources, with literals that stand after each other as the one text that they are."""
    found = []
    for folder in _SOURCES:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in _KINDS and path.is_file() and not path.name.endswith("_test.py"):
                found.append(path.read_text())
    joined = re.sub(r'"\s*\n\s*f?"', "", "\n".join(found))
    # A shell's literal goes on after a backslash.
    return joined.replace("\\\n", "")


TEXTS = texts()


def fragments(message: str) -> Tuple[str, ...]:
    """What stands between the parts that differ from case to case."""
    return tuple(each.strip() for each in message.split("…") if len(each.strip()) > 3)


def test_there_are_entries() -> None:
    assert len(entries()) > 40
    assert len(set(entries())) == len(entries())


@pytest.mark.parametrize("message", entries())
def test_a_message_is_written_by_a_program_of_ours(message: str) -> None:
    assert fragments(message)
    for fragment in fragments(message):
        assert fragment in TEXTS
