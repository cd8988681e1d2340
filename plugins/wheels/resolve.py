"""The contract between this backend and whatever says which Python packages an image needs.

A resolve comes from a target: another backend adds a `WheelResolveFieldSet` and a rule from it to
`WheelResolve`. This backend's own is the target `wheel_requirements`.
"""

from __future__ import annotations

from dataclasses import dataclass

from locks.kind import Resolve
from oci.format.platform import DEFAULT, Platform
from pants.engine.target import FieldSet
from pants.engine.unions import union


@dataclass(frozen=True)
class PatchedDistribution:
    """A distribution that is installed with changes to the files of its locked wheel."""

    name: str
    """Canonical (PEP 503)."""

    local_version: str
    """What its version has behind the plus sign: `astro.1`. Source: PEP 440."""

    patches: tuple[str, ...]
    """Unified diffs, as paths from the root of the repository, in the order in which they apply."""

    origin: str
    """Who names the patches, for errors: "versions/5.0.6/release.yaml: `backports`"."""


@dataclass(frozen=True)
class WheelResolve(Resolve):
    """What a lock is made from."""

    requirements: tuple[str, ...]
    """Requirements as pip takes them: `astronomer-providers[all]==1.6.0`. Source: PEP 508."""

    constraints: tuple[str, ...] = ()
    """Pins for what is required by others: `name==version`."""

    exclude_newer: str = ""
    """An RFC 3339 date, which means its end in UTC, or time. Later files are not seen."""

    platform: Platform = DEFAULT
    """Of the image."""

    patched: tuple[PatchedDistribution, ...] = ()
    """Distributions that layers hold with changes. They are not an input of the lock."""

    @property
    def uv_platform(self) -> str:
        """The platform as `uv --python-platform` writes it: `x86_64-manylinux_2_31`.

        Raises:
            ValueError: the platform has no such name.
        """
        return f"{self.platform.machine}-manylinux_2_{self.platform.glibc_minor}"


@union
@dataclass(frozen=True)
class WheelResolveFieldSet(FieldSet):
    """A target that is a resolve; its backend has a rule from the subclass to `WheelResolve`.

    That rule runs before an environment is chosen: it reads files by `PathGlobs`.
    """
