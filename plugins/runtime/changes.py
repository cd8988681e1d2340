"""What differs between two releases, as their manifests and locks say."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Iterator, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version
from runtime.manifest import Manifest

ASTRONOMER_PACKAGES = ("astronomer-providers", "openlineage-airflow")
"""The packages that the product page's rules name, and whose changes release notes report."""

PROVIDER_PREFIX = "apache-airflow-providers-"


class Subject(enum.Enum):
    """What a change is about. The values are the keys of the rules in `versions/policy.yaml`."""

    AIRFLOW = "airflow"
    PYTHON = "python"
    SUITE = "suite"
    ASTRONOMER = "astronomer"
    PROVIDER = "providers"
    PACKAGE = "packages"
    EXTRA = "extras"
    BACKPORT = "backports"
    DEPENDENCY = "dependencies"


class Part(enum.Enum):
    """How far apart two versions are. The values are the keys within a rule."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One thing that another release has in another version, or has not."""

    subject: Subject

    name: str
    """For example `apache-airflow-providers-amazon`."""

    before: str | None
    """Version; None where it is new."""

    after: str | None
    """Version; None where it is gone."""

    @property
    def part(self) -> Part:
        """The first part of the version that differs.

        An older version takes away what the newer one had, which is no less than a new major
        version; only a step back within patch versions takes nothing away.
        """
        if self.before is None:
            return Part.ADDED
        if self.after is None:
            return Part.REMOVED
        if self.subject is Subject.SUITE:
            return Part.MAJOR
        before, after = Version(self.before), Version(self.after)
        if (before.major, before.minor) == (after.major, after.minor):
            return Part.PATCH
        return Part.MAJOR if before.major != after.major or after < before else Part.MINOR

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.name} {self.after} is new"
        if self.after is None:
            return f"{self.name} {self.before} is gone"
        return f"{self.name} {self.before} -> {self.after}"


def _named(subject: Subject, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change(subject, name, before.get(name), after.get(name))
        for name in sorted({**before, **after})
        if before.get(name) != after.get(name)
    ]


def _packages(manifest: Manifest, *, astronomer: bool) -> dict[str, str]:
    """Versions of `packages` by canonical name, of Astronomer's or of all others."""
    names = {key: canonicalize_name(key.partition("[")[0]) for key in manifest.packages}
    return {
        name: manifest.packages[key]
        for key, name in names.items()
        if (name in ASTRONOMER_PACKAGES) == astronomer
    }


def _providers(manifest: Manifest) -> dict[str, str]:
    return {f"{PROVIDER_PREFIX}{name}": version for name, version in manifest.providers.items()}


def _backports(manifest: Manifest, airflow: str) -> dict[str, str]:
    """The backports of a release that another Airflow does not have by itself."""
    return {
        f"backport of #{each.pull_request}": each.fixed_in
        for each in manifest.carried
        if Version(each.fixed_in) > Version(airflow)
    }


def _changes(before: Manifest, after: Manifest) -> Iterator[Change]:
    yield from _named(
        Subject.AIRFLOW, {"apache-airflow": before.airflow}, {"apache-airflow": after.airflow}
    )
    yield from _named(Subject.PYTHON, {"Python": before.python}, {"Python": after.python})
    yield from _named(Subject.SUITE, {"Debian": before.suite}, {"Debian": after.suite})
    for subject, astronomer in ((Subject.ASTRONOMER, True), (Subject.PACKAGE, False)):
        yield from _named(
            subject,
            _packages(before, astronomer=astronomer),
            _packages(after, astronomer=astronomer),
        )
    yield from _named(Subject.PROVIDER, _providers(before), _providers(after))
    yield from _named(
        Subject.EXTRA,
        {f"apache-airflow[{extra}]": before.airflow for extra in before.extras},
        {f"apache-airflow[{extra}]": before.airflow for extra in after.extras},
    )
    yield from _named(
        Subject.BACKPORT, _backports(before, after.airflow), _backports(after, after.airflow)
    )


def manifest_changes(before: Manifest, after: Manifest) -> tuple[Change, ...]:
    """What one release has chosen otherwise than another, in the order of `Subject`."""
    return tuple(_changes(before, after))


def dependency_changes(
    before: Mapping[str, str], after: Mapping[str, str], chosen: tuple[Change, ...]
) -> tuple[Change, ...]:
    """What the locks of two releases have otherwise, besides what was chosen.

    Args:
        before: Versions by canonical name.
        after: The same of the later release.
        chosen: See `manifest_changes`.
    """
    known = {change.name for change in chosen}
    return tuple(
        change for change in _named(Subject.DEPENDENCY, before, after) if change.name not in known
    )
