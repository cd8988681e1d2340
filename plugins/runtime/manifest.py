"""The manifest of a release: what is pinned by hand. Everything else is in its lock."""

from __future__ import annotations

import datetime
import difflib
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Mapping

import yaml
from packaging.version import Version
from pants.util.frozendict import FrozenDict

_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?")
_SENTENCE = re.compile(r"\S.*")
_RELEASE = re.compile(r"\d+\.\d+(\.\d+|-\d+)")


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
    """Extras of Airflow that are no providers."""

    providers: FrozenDict[str, str]
    """Versions of `apache-airflow-providers-*`, by the rest of the name."""

    packages: FrozenDict[str, str]
    """Versions of other packages, by requirement: `astronomer-providers[all]`."""

    resolved: datetime.date
    """What the package index held on this day is all that the lock is resolved from."""

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


class _Fields:
    """Takes checked values out of a mapping: a manifest, or a part of one.

    Args:
        path: Of the manifest, for errors.
        data: The mapping.
        prefix: What stands before the fields' names in errors.
    """

    def __init__(self, path: str, data: Mapping[str, Any], prefix: str = "") -> None:
        self._path = path
        self._data = data
        self._prefix = prefix
        self._known: list[str] = []

    def fail(self, field: str, value: object, fix: str) -> ManifestError:
        """An error about the value of a field."""
        return ManifestError(f"{self._path}: `{self._prefix}{field}` is {value!r}. {fix}")

    def take(self, field: str, check: Callable[[Any], bool], fix: str) -> Any:
        """The value of a field that must be there and pass the check."""
        self._known.append(field)
        if field not in self._data:
            close = difflib.get_close_matches(field, [str(name) for name in self._data], n=1)
            misspelt = f" (is `{close[0]}` meant to be it?)" if close else ""
            raise ManifestError(
                f"{self._path}: the field `{self._prefix}{field}` is missing{misspelt}. {fix}"
            )
        value = self._data[field]
        if not check(value):
            raise self.fail(field, value, fix)
        return value

    def optional(self, field: str, default: Any, check: Callable[[Any], bool], fix: str) -> Any:
        """The value of a field that must pass the check where it is there."""
        if field in self._data:
            return self.take(field, check, fix)
        self._known.append(field)
        return default

    def number(self, field: str) -> int:
        value: int = self.take(field, _is_count, "Write a number above 0, without quotes.")
        return value

    def names(self, field: str) -> tuple[str, ...]:
        return tuple(
            self.take(
                field,
                lambda value: isinstance(value, list) and all(isinstance(x, str) for x in value),
                "Write a list of names.",
            )
        )

    def versions(self, field: str) -> FrozenDict[str, str]:
        fix = "Map names to versions such as 4.0.0; quote what YAML reads as a number."
        value = self.take(field, lambda value: isinstance(value, dict), fix)
        for name, version in value.items():
            if not (isinstance(version, str) and _VERSION.fullmatch(version)):
                raise self.fail(f"{field}.{name}", version, fix)
        return FrozenDict(value)

    def text(self, field: str, pattern: re.Pattern[str], example: str) -> str:
        fix = f"Write a text such as {example!r}; quote what YAML reads as a number."
        value = self.take(
            field, lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)), fix
        )
        return str(value)

    def path(self, field: str, example: str) -> str | None:
        value: str | None = self.take(
            field,
            lambda value: value is None or isinstance(value, str) and bool(value),
            f"Write a path such as {example!r}, or null.",
        )
        return value

    def day(self, field: str) -> datetime.date:
        value: datetime.date = self.take(
            field,
            lambda value: isinstance(value, datetime.date),
            "Write a date such as 2022-07-11, without quotes.",
        )
        return value

    def refuse_unknown(self) -> None:
        """Fail where the manifest has a field that nothing took."""
        for field in self._data:
            if field not in self._known:
                close = difflib.get_close_matches(str(field), self._known, n=1)
                meant = f"Is `{close[0]}` meant?" if close else "Remove it."
                raise ManifestError(
                    f"{self._path}: there is no field `{self._prefix}{field}`. {meant}"
                )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _backport(path: str, airflow: str, place: int, data: object) -> Backport:
    if not isinstance(data, dict):
        raise ManifestError(
            f"{path}: `backports[{place}]` is {data!r}. Write the fields `pull_request`, `fixes` "
            "and `fixed_in`."
        )
    fields = _Fields(path, data, f"backports[{place}].")
    backport = Backport(
        pull_request=fields.number("pull_request"),
        fixes=fields.text("fixes", _SENTENCE, "Zombies of a DAG file with errors stayed running"),
        fixed_in=fields.text("fixed_in", _VERSION, "2.3.4"),
        not_carried=fields.optional(
            "not_carried",
            "",
            lambda value: isinstance(value, str) and bool(value),
            "Write the reason.",
        ),
    )
    fields.refuse_unknown()
    if Version(backport.fixed_in) <= Version(airflow):
        raise fields.fail(
            "fixed_in",
            backport.fixed_in,
            f"Airflow {airflow}, which is pinned, has #{backport.pull_request} already: take it "
            "out of `backports`.",
        )
    return backport


def _backports(fields: _Fields, path: str, airflow: str) -> tuple[Backport, ...]:
    entries = fields.optional(
        "backports", [], lambda value: isinstance(value, list), "Write a list of backports."
    )
    backports = tuple(_backport(path, airflow, place, entry) for place, entry in enumerate(entries))
    numbers = [each.pull_request for each in backports]
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            raise fields.fail(
                f"backports[{place}].pull_request", number, "It is there twice: take out one."
            )
    return backports


def _airflow_build(fields: _Fields, path: str, backports: Iterable[Backport]) -> int:
    build: int = fields.optional(
        "airflow_build", 0, _is_count, "Write a number above 0, without quotes."
    )
    if any(not each.not_carried for each in backports):
        return build or fields.number("airflow_build")
    if build:
        raise fields.fail("airflow_build", build, "No backport is carried: take it out.")
    return 0


def parse_manifest(path: str, content: bytes) -> Manifest:
    """Read a manifest.

    Args:
        path: Of the file, for errors.
        content: YAML.

    Raises:
        ManifestError: it is no YAML mapping, or a field is missing, unknown or wrong.
    """
    try:
        data = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ManifestError(f"{path}: this is no YAML{line}. Correct its syntax.") from None
    if not isinstance(data, dict):
        raise ManifestError(f"{path}: this is no mapping of fields. See versions/README.md.")
    fields = _Fields(path, data)
    airflow = fields.text("airflow", _VERSION, "2.3.3")
    backports = _backports(fields, path, airflow)
    manifest = Manifest(
        path=path,
        release=fields.text("release", _RELEASE, "5.0.6"),
        date=fields.day("date"),
        airflow=airflow,
        suite=fields.text("suite", re.compile(r"[a-z]+"), "bullseye"),
        python=fields.text("python", re.compile(r"\d\.\d+"), "3.9"),
        extras=fields.names("extras"),
        providers=fields.versions("providers"),
        packages=fields.versions("packages"),
        resolved=fields.day("resolved"),
        constraints=fields.path("constraints", "3rdparty/python/constraints/airflow-2.3.3.txt"),
        unconstrained=fields.names("unconstrained"),
        backports=backports,
        airflow_build=_airflow_build(fields, path, backports),
        experimental=fields.optional(
            "experimental",
            False,
            lambda value: isinstance(value, bool),
            "Write true, or leave the field out.",
        ),
    )
    fields.refuse_unknown()
    return manifest
