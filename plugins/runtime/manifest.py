"""The manifest of a release: what is pinned by hand. Everything else is in its lock."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from locks.fields import NAME, SENTENCE, Fields, is_text
from oci.format.platform import DEFAULT, Platform
from packaging.version import Version
from pants.util.frozendict import FrozenDict

_MANUAL = "versions/README.md"
_RELEASE = re.compile(r"\d+\.\d+(\.\d+|-\d+)")
VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?")
# A name with extras, and no URL, marker or version. Source: PEP 508.
_DISTRIBUTION = re.compile(rf"{NAME.pattern}(\[{NAME.pattern}(,{NAME.pattern})*\])?")


class ManifestError(Exception):
    """A manifest cannot be used. The message names the file, the field and the fix."""


@dataclass(frozen=True)
class Backport:
    """A fix of a later Airflow."""

    pull_request: int
    """Its number in Airflow's repository, which is also the patch's name."""

    fixes: str
    """What a user met without it."""

    fixed_in: str
    """The first Airflow that has it."""

    not_carried: str
    """Why the release does not have it after all; empty where it does."""


@dataclass(frozen=True)
class Manifest:
    """A release of Astro Runtime."""

    path: str
    """Of the file, for errors."""

    release: str
    """`major.minor.patch`, or `major.minor-number` in the lines of Airflow 3; also the name of the
    release's folder."""

    date: datetime.date
    """The day of the release: what images say they were created on."""

    airflow: str
    """Version of Apache Airflow."""

    suite: str
    """Suite of Debian: the resolve of the Debian layers."""

    python: str
    """`major.minor`."""

    extras: tuple[str, ...]
    """Extras of Airflow that are not providers."""

    providers: FrozenDict[str, str]
    """Versions of `apache-airflow-providers-*`, by the rest of the name."""

    packages: FrozenDict[str, str]
    """Versions of other packages, by requirement: `astronomer-providers[all]`."""

    resolved: datetime.date
    """The lock is resolved from what the package index held at the end of this day, in UTC."""

    constraints: str | None
    """Path of a file with pins that the lock keeps, from the root of the repository.

    None where there is no such file: then nothing but the lock that a new one starts from keeps
    versions where they are.
    """

    unconstrained: tuple[str, ...]
    """Packages whose pins in that file do not hold."""

    backports: tuple[Backport, ...] = ()
    """Fixes of later Airflows, in the order in which their patches apply."""

    airflow_build: int = 0
    """Counts the different sets of patches on one Airflow; 0 where there are none."""

    experimental: bool = False
    """Whether it is a try, which no policy and no table of releases speaks of."""

    @property
    def platform(self) -> Platform:
        """What images of the release run on."""
        return Platform(DEFAULT.architecture, self.suite, self.python)

    @property
    def carried(self) -> tuple[Backport, ...]:
        """The backports that the release has."""
        return tuple(each for each in self.backports if not each.not_carried)

    @property
    def local_version(self) -> str:
        """Of Airflow, for example `astro.1`; empty where it is as its project released it."""
        return f"astro.{self.airflow_build}" if self.airflow_build else ""

    @property
    def installed_airflow(self) -> str:
        """The version that `airflow version` says, for example `2.3.3+astro.1`."""
        return "+".join(filter(None, [self.airflow, self.local_version]))

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the lock is resolved from, as PEP 508 requirements, sorted."""
        extras = ",".join(sorted(self.extras))
        return tuple(
            sorted(
                [
                    f"apache-airflow[{extras}]=={self.airflow}",
                    *(
                        f"apache-airflow-providers-{name}=={version}"
                        for name, version in self.providers.items()
                    ),
                    *(f"{name}=={version}" for name, version in self.packages.items()),
                ]
            )
        )


def _versions(fields: Fields, field: str) -> FrozenDict[str, str]:
    part = fields.part(
        field,
        "Map names of packages, with extras such as `name[all]` at the most, to their versions.",
        _DISTRIBUTION,
    )
    return FrozenDict((name, part.text(name, VERSION, "4.0.0")) for name in part.data)


def _backport(fields: Fields, airflow: str) -> Backport:
    number = fields.number("pull_request")
    fixes = fields.text("fixes", SENTENCE, "Zombies of a DAG file with errors stayed running")
    fixed_in = fields.text("fixed_in", VERSION, "2.3.4")
    reason = ""
    if not fields.lacks("not_carried"):
        reason = fields.text("not_carried", SENTENCE, "It needs a new front end")
    if Version(fixed_in) <= Version(airflow):
        raise fields.fail(
            "fixed_in",
            fixed_in,
            f"Airflow {airflow}, which is pinned, has #{number} already: take it out of "
            "`backports`.",
        )
    return Backport(number, fixes, fixed_in, reason)


def _backports(fields: Fields, airflow: str) -> tuple[Backport, ...]:
    if fields.lacks("backports"):
        return ()
    fix = "Write the fields `pull_request`, `fixes` and `fixed_in`."
    entries = fields.entries("backports", fix)
    backports = tuple(entry.whole(lambda each: _backport(each, airflow)) for entry in entries)
    numbers = [each.pull_request for each in backports]
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            raise entries[place].fail("pull_request", number, "It is there twice: take out one.")
    return backports


def _airflow_build(fields: Fields, backports: Iterable[Backport]) -> int:
    build = 0 if fields.lacks("airflow_build") else fields.number("airflow_build")
    if any(not each.not_carried for each in backports):
        return build or fields.number("airflow_build")
    if build:
        raise fields.fail("airflow_build", build, "No backport is carried: take it out.")
    return 0


def read_manifest(path: str, content: bytes) -> Mapping[str, Any]:
    """The fields of a manifest as YAML reads them, unchecked.

    Raises:
        ManifestError: it is not a YAML mapping.
    """
    return Fields.read(path, ManifestError, content, _MANUAL).data


def _manifest(path: str, fields: Fields) -> Manifest:
    airflow = fields.text("airflow", VERSION, "2.3.3")
    backports = _backports(fields, airflow)
    return Manifest(
        path=path,
        release=fields.text("release", _RELEASE, "5.0.6"),
        date=fields.day("date"),
        airflow=airflow,
        suite=fields.text("suite", re.compile(r"[a-z]+"), "bullseye"),
        python=fields.text("python", re.compile(r"\d\.\d+"), "3.9"),
        extras=fields.names("extras"),
        providers=_versions(fields, "providers"),
        packages=_versions(fields, "packages"),
        resolved=fields.day("resolved"),
        constraints=fields.take(
            "constraints",
            lambda value: value is None or is_text(value, SENTENCE),
            "Write a path such as '3rdparty/python/constraints/airflow-2.3.3.txt', or null.",
        ),
        unconstrained=fields.names("unconstrained"),
        backports=backports,
        airflow_build=_airflow_build(fields, backports),
        experimental=not fields.lacks("experimental")
        and fields.take(
            "experimental",
            lambda value: isinstance(value, bool),
            "Write true, or leave the field out.",
        ),
    )


def parse_manifest(path: str, content: bytes) -> Manifest:
    """Read a manifest.

    Args:
        path: Of the file, for errors.
        content: YAML.

    Raises:
        ManifestError: it is not a YAML mapping, or a field is missing, unknown or wrong.
    """
    return Fields.read(path, ManifestError, content, _MANUAL).whole(
        lambda fields: _manifest(path, fields)
    )
