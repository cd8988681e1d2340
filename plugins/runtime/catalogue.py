"""All releases together: what is checked, and what notes and tables are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from pants.util.frozendict import FrozenDict
from runtime.manifest import Manifest
from runtime.policy import Policy, previous_release
from runtime.published import Published, PublishedRelease
from runtime.release_number import ReleaseNumber


@dataclass(frozen=True)
class Release:
    """A release as it is in the repository."""

    manifest: Manifest

    manifest_hash: str
    """Of what the file says: see `runtime.published`."""

    lock_path: str

    lock_hash: str | None
    """Of what the lock of its Python packages pins; None where there is no lock yet."""

    packages: FrozenDict[str, str]
    """Versions in the lock by canonical name."""

    highlights: str
    """What a person wrote of it: the file `notes.md` beside the manifest, or nothing."""

    @property
    def number(self) -> ReleaseNumber:
        return ReleaseNumber.parse(self.manifest.release)


@dataclass(frozen=True)
class Catalogue:
    """All releases, the policy, and what is published."""

    releases: tuple[Release, ...]
    """By number, the smallest first."""

    policy: Policy
    published_path: str
    published: Published

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        return tuple(release.manifest for release in self.releases)

    def release(self, number: str) -> Release | None:
        """The release with a number."""
        return next((each for each in self.releases if each.manifest.release == number), None)

    def previous(self, release: Release) -> Release | None:
        """The release before; see `previous_release`."""
        manifest = previous_release(release.manifest, self.manifests)
        return self.release(manifest.release) if manifest else None

    def seal(self, release: Release) -> PublishedRelease | None:
        """What a release was when it was published; None where it is not yet."""
        return self.published.releases.get(release.manifest.release)

    def with_release(self, release: Release) -> Catalogue:
        """The same with one more release."""
        releases = sorted((*self.releases, release), key=lambda each: each.number)
        return Catalogue(tuple(releases), self.policy, self.published_path, self.published)


def broken_seals(catalogue: Catalogue) -> Iterator[str]:
    """A sentence for each published release that was edited or removed."""
    for number, seal in catalogue.published.releases.items():
        release = catalogue.release(number)
        if release is None:
            yield (
                f"{catalogue.published_path}: {number} is published, but its manifest is gone. "
                "Restore it with its lock."
            )
            continue
        for path, was, now in (
            (release.manifest.path, seal.manifest, release.manifest_hash),
            (release.lock_path, seal.lock, release.lock_hash),
        ):
            if was != now:
                yield (
                    f"{path}: {number} is published, and so what this file says must not change. "
                    "Restore it, and make the change in a new release."
                )
