"""The lock of a resolve: which Debian packages, byte for byte, its targets are made of."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, Mapping

from debian.version import DebianVersion
from locks.fields import Fields, is_text
from locks.lock import SHA256, Lock
from oci.format.platform import Platform
from pants.util.frozendict import FrozenDict

_DATE_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# What scripts build lines, paths and addresses of. Source: Debian Policy, sections 5.6.1, 5.6.12.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_PATTERNS = {
    "version": re.compile(r"[0-9A-Za-z.+:~-]+"),
    "architecture": re.compile(r"[a-z0-9-]+"),
    "archive": re.compile(r"[a-z-]+"),
    "filename": re.compile(r"([0-9A-Za-z_+~%-][0-9A-Za-z_.+:~%-]*/)*[0-9A-Za-z][!-.0-~]*\.deb"),
    "sha256": SHA256,
}


@dataclass(frozen=True)
class LockedPackage:
    """One file of a Debian archive."""

    name: str

    version: str
    """The full version, with epoch and revision: `1:4.4.18-4`."""

    architecture: str
    """Of the package: `amd64`, or `all`."""

    archive: str
    """`debian` or `debian-security`: which archive holds the file."""

    filename: str
    """Path of the file in the archive: `pool/main/t/tini/tini_0.19.0-1_amd64.deb`."""

    size: int
    """Bytes of the file."""

    sha256: str
    """Hex digest of the file."""


@dataclass(frozen=True)
class LockedTarget:
    """What a target asked for when the lock was made, and what that came to."""

    requests: tuple[str, ...]
    """The target's `packages`, sorted."""

    base: str | None
    """Address of the target's `base`, where it has one."""

    packages: tuple[str, ...]
    """Names of all packages that are installed, those of the base included; sorted."""


@dataclass(frozen=True)
class DebianLock(Lock):
    """The content of a lock."""

    key = "suites"

    suite: str
    """Codename of the release: `bullseye`."""

    suites: tuple[str, ...]
    """The suites that were looked at: `bullseye`, `bullseye-security`, `bullseye-updates`."""

    architecture: str
    """What the layers run on: `amd64`."""

    date: datetime
    """When the archives last changed, in UTC. No file in a layer is newer."""

    targets: FrozenDict[str, LockedTarget]
    """By address."""

    packages: FrozenDict[str, LockedPackage]
    """By name."""

    @property
    def platform(self) -> Platform:
        """What the packages are for."""
        return Platform(self.architecture, self.suite)

    def versions(self) -> Mapping[str, DebianVersion]:
        return {name: DebianVersion(package.version) for name, package in self.packages.items()}

    def to_data(self) -> Mapping[str, Any]:
        return {
            "suite": self.suite,
            "suites": self.suites,
            "architecture": self.architecture,
            "date": self.date.strftime(_DATE_FORMAT),
            "targets": {address: asdict(target) for address, target in self.targets.items()},
            "packages": {
                name: {key: value for key, value in asdict(package).items() if key != "name"}
                for name, package in self.packages.items()
            },
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> DebianLock:
        return cls(
            suite=fields.text("suite"),
            suites=fields.texts("suites"),
            architecture=fields.text("architecture"),
            date=fields.converted("date", parse_date),
            targets=FrozenDict(
                (
                    address,
                    LockedTarget(
                        requests=target.texts("requests"),
                        base=target.take("base", lambda value: value is None or is_text(value)),
                        packages=target.texts("packages"),
                    ),
                )
                for address, target in fields.parts("targets").items()
            ),
            packages=FrozenDict(
                (name, package.whole(lambda each: _package(name, each)))
                for name, package in fields.parts("packages", names=_NAME).items()
            ),
        )


def _package(name: str, fields: Fields) -> LockedPackage:
    texts = {field: fields.text(field, pattern) for field, pattern in _PATTERNS.items()}
    return LockedPackage(name=name, size=fields.number("size"), **texts)


def parse_date(text: str) -> datetime:
    """Read a date as locks write it: `2026-09-12T09:27:08Z`.

    Raises:
        ValueError: it is not such a date.
    """
    return datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=timezone.utc)
