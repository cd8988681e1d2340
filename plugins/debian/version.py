"""The order of Debian versions. Source: Debian Policy, section 5.6.12."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest

_PART = re.compile(r"(\D*)(\d*)")


def _rank(character: str) -> int:
    """Where a character that is no digit stands: `~`, the end, letters, then all others."""
    if character == "~":
        return -1
    if not character:
        return 0
    return ord(character) if character.isalpha() else ord(character) + 256


def _parts(text: str) -> list[tuple[str, int]]:
    return [(match[1], int(match[2] or 0)) for match in _PART.finditer(text) if match[0]]


def _compare(left: str, right: str) -> int:
    for ours, theirs in zip_longest(_parts(left), _parts(right), fillvalue=("", 0)):
        for a, b in zip_longest(ours[0], theirs[0], fillvalue=""):
            if _rank(a) != _rank(b):
                return _rank(a) - _rank(b)
        if ours[1] != theirs[1]:
            return ours[1] - theirs[1]
    return 0


@total_ordering
@dataclass(frozen=True, eq=False)
class DebianVersion:
    """A version that compares as `dpkg --compare-versions` does."""

    text: str

    def _compare(self, other: DebianVersion) -> int:
        for ours, theirs in zip(self._fields(), other._fields()):
            result = _compare(ours, theirs)
            if result:
                return result
        return 0

    def _fields(self) -> tuple[str, str, str]:
        epoch, colon, rest = self.text.partition(":")
        upstream, _, revision = (rest if colon else self.text).rpartition("-")
        return (epoch if colon else "0", upstream or revision, revision if upstream else "0")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DebianVersion) and self._compare(other) == 0

    def __lt__(self, other: DebianVersion) -> bool:
        return self._compare(other) < 0

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text
