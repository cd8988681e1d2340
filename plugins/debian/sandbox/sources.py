"""Finds the source package that each binary package was built from, as dpkg's records say.

Source: deb-control(5), the field `Source`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from typing import Dict, Iterable, List

from oci.sandbox.packages import Package

_SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^()\s]+)\))?")


@dataclass(frozen=True)
class SourcePackage:
    """What a binary package was built from."""

    name: str
    version: str


def sources(status: str) -> Dict[str, SourcePackage]:
    """The sources of packages that are not called as these, by binary package.

    Args:
        status: The content of dpkg's file `status`.
    """
    found = {}
    for stanza in re.split(r"\n[ \t]*\n", status):
        fields = HeaderParser().parsestr(stanza.lstrip("\n"))
        match = _SOURCE.fullmatch(str(fields.get("Source", "")).strip())
        if match:
            source = SourcePackage(match["name"], match["version"] or str(fields["Version"]))
            found[str(fields["Package"])] = source
    return found


def _quoted(text: str) -> str:
    return text.replace("+", "%2B").replace(":", "%3A")


def with_sources(packages: Iterable[Package], status: str) -> List[Package]:
    """The packages, each with its source in its URL, as the qualifier `upstream` of scanners.

    Vulnerabilities are told of sources. One that has its package's name and version is not named.

    Args:
        packages: Of a layer.
        status: See `sources`.
    """
    known = {f"deb/debian/{_quoted(name)}": source for name, source in sources(status).items()}
    result = []
    for package in packages:
        source = known.get(package.key)
        if source:
            upstream = f"{_quoted(source.name)}%40{_quoted(source.version)}"
            package = replace(package, purl=f"{package.purl}&upstream={upstream}")
        result.append(package)
    return result
