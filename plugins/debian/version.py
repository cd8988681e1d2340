"""The order of Debian versions. Source: Debian Policy, section 5.6.12."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PART = re.compile(r"(\D*)(\d*)")
_END = 0


def _rank(character: str) -> int:
    """Where a character that is not a digit stands: `~`, the end, letters, then all others."""
    if character == "~":
        return _END - 1
    return ord(character) if character.isalpha() else ord(character) + 256


def _key(text: str) -> tuple[object, ...]:
    """What compares as a part of a version does: letters and numbers by turns."""
    return tuple(
        ((*map(_rank, match[1]), _END), int(match[2] or 0))
        # The last one is empty, so that the end has its place, too.
        for match in _PART.finditer(text)
    )


@dataclass(frozen=True, order=True)
class DebianVersion:
    """A version that compares as `dpkg --compare-versions` does."""

    text: str = field(compare=False)
    _fields: tuple[object, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        epoch, colon, rest = self.text.partition(":")
        upstream, _, revision = (rest if colon else self.text).rpartition("-")
        fields = (epoch if colon else "0", upstream or revision, revision if upstream else "0")
        object.__setattr__(self, "_fields", tuple(map(_key, fields)))

    def __str__(self) -> str:
        return self.text
