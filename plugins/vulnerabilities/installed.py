"""What images have installed, as advisories call it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Iterator, Mapping

from oci.format.packages import Package
from oci.format.purl import PackageUrl


class Ecosystem(Enum):
    """Who releases a package."""

    PYTHON = "pypi"
    DEBIAN = "deb"


@dataclass(frozen=True)
class Installed:
    """A distribution of Python, or all packages of one source of Debian, in a layer."""

    ecosystem: Ecosystem

    name: str
    """Canonical name of the distribution, or name of the source package."""

    version: str
    """Of the distribution or of the source."""

    suite: str = ""
    """Codename of the Debian release."""

    binaries: tuple[str, ...] = ()
    """The Debian packages of the source, sorted."""

    inside: str = ""
    """The distribution that carries this one among its own files; empty where it is installed."""


@dataclass(frozen=True)
class InstalledLayer:
    """A layer, by what advisories may speak of."""

    target: str
    """Address."""

    lock: str
    """Path of the lock that pins its packages; empty where there is none."""

    packages: tuple[Installed, ...]
    """By name."""

    @property
    def role(self) -> str:
        """The target without its parameters, which say of which release it is."""
        return self.target.partition("@")[0]


@dataclass(frozen=True)
class InstalledImage:
    """An image."""

    reference: str
    """For example `astro-runtime:5.0.6`."""

    target: str
    """Address."""

    release: str
    """For example `5.0.6`; empty for an image that is not of a release."""

    layers: tuple[InstalledLayer, ...]
    """From the bottom to the top."""


def _debian(packages: Iterable[Package], suite: str) -> Iterator[Installed]:
    binaries: dict[tuple[str, str], list[str]] = {}
    for package in packages:
        url = PackageUrl.parse(package.purl)
        source, _, version = url.qualifiers.get("upstream", "").partition("@")
        key = (source or url.name, version or url.version)
        binaries.setdefault(key, []).append(url.name)
    for (source, version), names in binaries.items():
        yield Installed(Ecosystem.DEBIAN, source, version, suite, tuple(sorted(names)))


def _python(packages: Iterable[Package]) -> Iterator[Installed]:
    for package in packages:
        yield Installed(
            Ecosystem.PYTHON,
            name=package.key.rpartition("/")[2],
            version=PackageUrl.parse(package.purl).version,
            inside=package.inside.rpartition("/")[2],
        )


def installed(packages: Iterable[Package], suite: str = "") -> tuple[Installed, ...]:
    """What advisories may say of the packages of a layer.

    Args:
        suite: Codename of the Debian release that its Debian packages are from.
    """
    by_type: Mapping[str, list[Package]] = {"deb": [], "pypi": []}
    for package in packages:
        by_type.get(package.key.partition("/")[0], []).append(package)
    found = {*_debian(by_type["deb"], suite), *_python(by_type["pypi"])}
    return tuple(sorted(found, key=lambda each: (each.name, each.version, each.inside)))
