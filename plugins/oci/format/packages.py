"""What a layer says of the packages inside it, beside their files.

Facts as the packages and the lock state them: what they mean, in terms of a standard, is decided
where they are read, so that a better understanding rebuilds no layer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Iterable, List, Tuple

from oci.format.purl import package_key


@dataclass(frozen=True)
class Package:
    """One package of a layer."""

    purl: str
    """`oci.format.purl`, as text: `pkg:pypi/pip@22.1.2`."""

    file: str
    """Name of the file that the package was installed or built from, as the lock has it."""

    sha256: str
    """Hex digest of that file."""

    licences: Tuple[str, ...] = ()
    """What its own metadata says, word for word; each holds for a part of it. Empty: unknown."""

    inside: str = ""
    """Key of the package that carries it among its own files; empty where it is installed."""

    requires: Tuple[str, ...] = ()
    """What its own metadata says that it needs, word for word: `Requires-Dist` of a distribution,
    the parts of `Depends` and `Pre-Depends` of a Debian package."""

    @property
    def key(self) -> str:
        """What stays the same when the version changes."""
        return package_key(self.purl)


def dumps(packages: Iterable[Package]) -> str:
    """Write packages as JSON, in the order of their URLs."""
    ordered = sorted(packages, key=lambda package: package.purl)
    return json.dumps([asdict(package) for package in ordered], indent=1, sort_keys=True) + "\n"


def loads(text: str) -> List[Package]:
    """Read what `dumps` wrote."""
    return [
        Package(
            each["purl"],
            each["file"],
            each["sha256"],
            tuple(each["licences"]),
            each["inside"],
            tuple(each["requires"]),
        )
        for each in json.loads(text)
    ]
