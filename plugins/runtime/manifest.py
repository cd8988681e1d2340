"""The manifest of a release: what is pinned by hand. Everything else is in its lock."""

from __future__ import annotations

import datetime
import difflib
import re
from dataclasses import dataclass
from typing import Any, Callable, Mapping

import yaml
from pants.util.frozendict import FrozenDict

_VERSION = re.compile(r"\d+(\.\d+)*([a-z]+\d+)?(\.post\d+)?")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


class ManifestError(Exception):
    """A manifest cannot be used. The message names the file, the field and the fix."""


@dataclass(frozen=True)
class Manifest:
    """A release of Astro Runtime."""

    path: str
    """Of the file, for errors."""

    release: str
    """`major.minor.patch`; also the name of the release's folder."""

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
    """Takes checked values out of the mapping that a manifest is."""

    def __init__(self, path: str, data: Mapping[str, Any]) -> None:
        self._path = path
        self._data = data
        self._known: list[str] = []

    def _fail(self, field: str, value: object, fix: str) -> ManifestError:
        return ManifestError(f"{self._path}: `{field}` is {value!r}. {fix}")

    def take(self, field: str, check: Callable[[Any], bool], fix: str) -> Any:
        """The value of a field that must be there and pass the check."""
        self._known.append(field)
        if field not in self._data:
            close = difflib.get_close_matches(field, [str(name) for name in self._data], n=1)
            misspelt = f" (is `{close[0]}` meant to be it?)" if close else ""
            raise ManifestError(f"{self._path}: the field `{field}` is missing{misspelt}. {fix}")
        value = self._data[field]
        if not check(value):
            raise self._fail(field, value, fix)
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
                raise self._fail(f"{field}.{name}", version, fix)
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
                raise ManifestError(f"{self._path}: there is no field `{field}`. {meant}")


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
    manifest = Manifest(
        path=path,
        release=fields.text("release", _RELEASE, "5.0.6"),
        date=fields.day("date"),
        airflow=fields.text("airflow", _VERSION, "2.3.3"),
        suite=fields.text("suite", re.compile(r"[a-z]+"), "bullseye"),
        python=fields.text("python", re.compile(r"\d\.\d+"), "3.9"),
        extras=fields.names("extras"),
        providers=fields.versions("providers"),
        packages=fields.versions("packages"),
        resolved=fields.day("resolved"),
        constraints=fields.path("constraints", "3rdparty/python/constraints/airflow-2.3.3.txt"),
        unconstrained=fields.names("unconstrained"),
    )
    fields.refuse_unknown()
    return manifest
