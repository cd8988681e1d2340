"""What pages refer to is there: files, folders, and headings that links lead to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, List, Set

import pytest

PAGES = sorted(
    path for path in Path(".").glob("**/*.md") if not {".pants.d", "dist"} & set(path.parts)
)

_CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ELSEWHERE = re.compile(r"^[a-z]+:")

# A path in the text is one of the repository where it begins with one of its folders.
_NAMED = re.compile(
    r"(?:\.ci|\.github|3rdparty|benchmarks|docs|layers|plugins|tests|versions)/[\w./-]*\w"
)
# Stand for a release, or for a name of the reader's.
_PLACEHOLDERS = re.compile(r"X\.Y\.Z|NNNN|NAME")
# Tells how to make a release, whose files are not there before.
_TELLS_OF_NEW_FILES = Path("docs/releasing.md")


def anchors(page: Path) -> Set[str]:
    """What `#...` can name in a page. Source: GitHub's rule for headings."""
    found: Set[str] = set()
    for heading in _HEADING.findall(_CODE_BLOCK.sub("", page.read_text())):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while (f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(f"{name}-{number}" if number else name)
    return found


def broken(page: Path) -> Iterator[str]:
    """Each link and each path of the page that leads nowhere."""
    text = _CODE_BLOCK.sub("", page.read_text())
    for link in _LINK.findall(_CODE.sub("", text)):
        if _ELSEWHERE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists():
            yield link
        elif anchor and anchor not in anchors(target):
            yield link
    for code in _CODE.findall(text) if page != _TELLS_OF_NEW_FILES else ():
        path = code.partition("::")[0].partition(":")[0]
        if _NAMED.fullmatch(path) and not _PLACEHOLDERS.search(path):
            # In a page of a layer or a plugin, also from its own folder.
            if not Path(path).exists() and not (page.parent / path).exists():
                yield code


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert list(broken(page)) == []


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n[a](#a-title) [b](#b-title) [c](page.md) [d](gone.md) `docs/gone.md`\n"
        "```\n[e](also-gone.md)\n```\n`[f](code.md)` [g](https://example.com/gone)\n"
    )

    found: List[str] = list(broken(page))

    assert found == ["#b-title", "gone.md", "docs/gone.md"]
