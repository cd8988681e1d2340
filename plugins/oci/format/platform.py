"""What images run on: a kind of machine, a release of Debian, and its Python.

Locks are resolved for a platform, layers are made for one, and an image has that of its layers.
What else depends on it, such as wheels' names of machines and C libraries, follows from it here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Dict, TypeVar

OS = "linux"
"""Source: OCI image index, `platform`."""

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}

_GLIBC_MINORS = {"bullseye": 31, "bookworm": 36, "trixie": 41}

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Platform:
    """A platform. What a lock or a layer does not depend on is empty."""

    architecture: str = ""
    """As OCI and Debian call it: `amd64`."""

    suite: str = ""
    """Codename of Debian's release: `bullseye`."""

    python: str = ""
    """Version of Python, `major.minor`: `3.9`."""

    @property
    def machine(self) -> str:
        """The architecture as the kernel and wheels call it: `x86_64`.

        Raises:
            ValueError: the architecture is not known.
        """
        return _known("architecture", self.architecture, _MACHINES)

    @property
    def multiarch(self) -> str:
        """Debian's name of the folders of libraries. Source: Debian Policy, section 9.1.1."""
        return f"{self.machine}-linux-gnu"

    @property
    def glibc_minor(self) -> int:
        """What comes after `2.` in the version of the C library.

        Raises:
            ValueError: the suite is not known.
        """
        return _known("suite", self.suite, _GLIBC_MINORS)

    def joined(self, other: Platform) -> Platform:
        """The platform of what depends on both.

        Raises:
            ValueError: they contradict each other. The message names the field and both values.
        """
        values: Dict[str, str] = {}
        for field in fields(self):
            ours, theirs = getattr(self, field.name), getattr(other, field.name)
            if ours and theirs and ours != theirs:
                raise ValueError(f"`{field.name}` is {ours} for one, and {theirs} for the other")
            values[field.name] = ours or theirs
        return Platform(**values)


def _known(field: str, value: str, known: Dict[str, _Value]) -> _Value:
    if value not in known:
        raise ValueError(f"`{field}` is '{value}', which is none of {', '.join(known)}")
    return known[value]


DEFAULT = Platform("amd64", "bullseye", "3.9")
"""What is taken where nothing says another."""
