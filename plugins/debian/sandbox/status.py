"""Reads what dpkg's records and `os-release` say of packages: source, needs, distribution.

Source: deb-control(5), the fields `Source`, `Depends` and `Pre-Depends`; os-release(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.message import Message
from typing import Dict, Iterable, List, Optional, Tuple

from debian.sandbox.control_data import stanzas
from oci.format.packages import Package
from oci.format.purl import PackageUrl

_SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^()\s]+)\))?")
_OS_RELEASE = re.compile(r"""^(ID|VERSION_ID)=["']?([a-z0-9._-]+)["']?$""", re.MULTILINE)


@dataclass(frozen=True)
class SourcePackage:
    """What a binary package was built from."""

    name: str
    version: str


@dataclass(frozen=True)
class PackageRecord:
    """What dpkg notes of a package."""

    source: Optional[SourcePackage]
    """None where it has the package's name and version."""

    requires: Tuple[str, ...]
    """What it needs, an entry for each part that is separated by commas."""


def _source(fields: Message) -> Optional[SourcePackage]:
    match = _SOURCE.fullmatch(str(fields.get("Source", "")).strip())
    if not match:
        return None
    return SourcePackage(match["name"], match["version"] or str(fields["Version"]))


def _requires(fields: Message) -> Tuple[str, ...]:
    text = ",".join(str(fields.get(name, "")) for name in ("Pre-Depends", "Depends"))
    parts = (" ".join(part.split()) for part in text.split(","))
    return tuple(part for part in parts if part)


def records(status: str) -> Dict[str, PackageRecord]:
    """The records of all packages, by name.

    Args:
        status: The content of dpkg's file `status`.
    """
    return {
        str(fields["Package"]): PackageRecord(_source(fields), _requires(fields))
        for fields in stanzas(status)
        if fields["Package"]
    }


def distribution(os_release: str) -> str:
    """Name and version of a distribution as scanners write it: `debian-11`.

    Args:
        os_release: The content of the file `os-release`.

    Returns:
        The name alone where the file knows no version, as in Debian's testing.
    """
    fields = dict(_OS_RELEASE.findall(os_release))
    return "-".join(filter(None, [fields.get("ID", "debian"), fields.get("VERSION_ID", "")]))


def with_records(packages: Iterable[Package], status: str, os_release: str) -> List[Package]:
    """The packages, each with what it needs, and in its URL the distribution and its source.

    The qualifiers are those of scanners: `distro`, and `upstream` for a source whose name or
    version is another than the package's. Vulnerabilities are told of sources.

    Args:
        packages: Of a layer.
        status: See `records`.
        os_release: See `distribution`.
    """
    known = records(status)
    distro = distribution(os_release)
    result = []
    for package in packages:
        url = PackageUrl.parse(package.purl)
        record = known.get(url.name, PackageRecord(None, ()))
        qualifiers = {**url.qualifiers, "distro": distro}
        if record.source:
            qualifiers["upstream"] = f"{record.source.name}@{record.source.version}"
        purl = str(replace(url, qualifiers=qualifiers))
        result.append(replace(package, purl=purl, requires=record.requires))
    return result
