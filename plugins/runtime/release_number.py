"""Numbers of releases, and the kinds of release that a number can announce."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class Kind(enum.IntEnum):
    """Kinds of release, ordered: the larger one may hold all that the smaller one may."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2

    @property
    def label(self) -> str:
        """As people write it: `minor`."""
        return self.name.lower()


@dataclass(frozen=True, order=True)
class ReleaseNumber:
    """`major.minor.patch`."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> ReleaseNumber:
        """Read a number such as `5.0.6`.

        Raises:
            ValueError: it is not such a number.
        """
        match = NUMBER.fullmatch(text)
        if not match:
            raise ValueError(f"'{text}' is not a release such as 5.0.6")
        return cls(*(int(part) for part in match.groups()))

    @property
    def line(self) -> str:
        """The minor series: `5.0`."""
        return f"{self.major}.{self.minor}"

    def kind_after(self, previous: ReleaseNumber) -> Kind:
        """The kind of release that this number announces, after a smaller one."""
        if self.major != previous.major:
            return Kind.MAJOR
        return Kind.MINOR if self.minor != previous.minor else Kind.PATCH

    def next(self, kind: Kind) -> ReleaseNumber:
        """The smallest larger number that announces this kind of release."""
        if kind is Kind.MAJOR:
            return ReleaseNumber(self.major + 1, 0, 0)
        if kind is Kind.MINOR:
            return ReleaseNumber(self.major, self.minor + 1, 0)
        return ReleaseNumber(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"
