"""Package URLs: how a package is named across tools. Source: the package URL specification 1.0.

A colon is never quoted, section "Character encoding".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping
from urllib.parse import parse_qsl, quote, unquote


@dataclass(frozen=True)
class PackageUrl:
    """A package URL. Parts are as people write them; quoting is done here alone."""

    type: str
    """Who releases the package: `deb`, `pypi`, `oci`."""

    name: str

    version: str

    namespace: str = ""
    """For `deb`, the distribution: `debian`."""

    qualifiers: Mapping[str, str] = field(default_factory=dict)
    """For example `arch`; in the order in which they are written."""

    def __str__(self) -> str:
        folders = "/".join(filter(None, [self.type, _quoted(self.namespace), _quoted(self.name)]))
        query = "&".join(f"{name}={_quoted(value)}" for name, value in self.qualifiers.items())
        return f"pkg:{folders}@{_quoted(self.version)}{'?' if query else ''}{query}"

    @property
    def key(self) -> str:
        """What stays the same when the version changes: `deb/debian/bash`."""
        return package_key(str(self))

    @classmethod
    def parse(cls, text: str) -> PackageUrl:
        """Read what `str` wrote."""
        path, _, query = text.partition("?")
        folders, _, version = path.partition(":")[2].partition("@")
        kind, *namespace, name = map(unquote, folders.split("/"))
        return cls(kind, name, unquote(version), "/".join(namespace), dict(parse_qsl(query)))


def package_key(purl: str) -> str:
    """A package URL without scheme, version and qualifiers: `deb/debian/bash`, `pypi/pip`."""
    return purl.partition("?")[0].partition("@")[0].partition(":")[2]


def _quoted(text: str) -> str:
    return quote(text, safe=":")
