"""Reads the changelogs inside Debian packages: which uploads there were, and what they fixed.

An image may leave documentation out, so the packages themselves are read. Source: Debian Policy,
sections 4.4 and 12.7.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import tarfile
from dataclasses import asdict, dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, List, Match, Optional, Set

from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError, run

# The host's own program: it must not see the toolchain's libraries.
_DPKG_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}

_HEADING = re.compile(r"(?P<source>[a-z0-9][a-z0-9+.-]*) \((?P<version>[^()\s]+)\) ")
_TRAILER = re.compile(r" -- .*?  (?P<date>\S.*)")
_FIX = re.compile(r"\b(?:CVE-\d{4}-\d{4,}|D[LS]A-\d+(?:-\d+)?)")


@dataclass(frozen=True)
class Entry:
    """One entry of a changelog."""

    source: str
    """Name of the source package."""

    version: str

    date: str
    """The day of the upload, in UTC: `2022-06-24`."""

    fixes: List[str]
    """Vulnerabilities (CVE) and advisories (DSA, DLA) that it names, sorted."""


@dataclass(frozen=True)
class Documentation:
    """What a package has of a changelog."""

    changelog: Optional[bytes] = None

    same_as: str = ""
    """The package that this one shares its documentation with."""


def entries(changelog: str, since: str) -> Iterator[Entry]:
    """The entries from a day on. The newest comes first, as in the file."""
    heading: Optional[Match[str]] = None
    fixes: Set[str] = set()
    for line in changelog.splitlines():
        start = _HEADING.match(line)
        if start:
            heading, fixes = start, set()
        fixes.update(_FIX.findall(line))
        end = _TRAILER.fullmatch(line)
        if not heading or not end:
            continue
        try:
            date = parsedate_to_datetime(end["date"]).astimezone(timezone.utc).date().isoformat()
        except (TypeError, ValueError):
            # Some very old entries have dates of other forms.
            return
        if date < since:
            return
        yield Entry(heading["source"], heading["version"], date, sorted(fixes))
        heading = None


def documentation(deb: Path, name: str) -> Documentation:
    """Find the changelog in a package.

    Raises:
        SandboxError: it is not a package.
    """
    folder = f"./usr/share/doc/{name}"
    found: Dict[str, bytes] = {}
    same_as = ""
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    with subprocess.Popen(command, env=_DPKG_ENV, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    path = member.name.rstrip("/")
                    if path == folder and member.issym():
                        same_as = PurePosixPath(member.linkname).name
                    elif path.startswith(f"{folder}/changelog.") and member.isfile():
                        file = archive.extractfile(member)
                        assert file
                        found[PurePosixPath(path).name] = file.read()
        except DAMAGE as error:
            raise SandboxError(f"{deb.name} is not a Debian package: {error}.") from None
    # What Debian itself makes has one changelog, and it has no other name.
    content = found.get("changelog.Debian.gz", found.get("changelog.gz"))
    try:
        return Documentation(gzip.decompress(content) if content else None, same_as)
    except DAMAGE as error:
        raise SandboxError(f"{deb.name}: its changelog is damaged ({error}).") from None


def read(folder: Path, since: str) -> Dict[str, List[Entry]]:
    """The entries of each package in a folder, by its name."""
    known = {
        name: documentation(deb, name)
        for deb in sorted(folder.glob("*.deb"))
        for name in [deb.name.partition("_")[0]]
    }
    result = {}
    for name, own in known.items():
        changelog = own.changelog or known.get(own.same_as, Documentation()).changelog or b""
        result[name] = list(entries(changelog.decode(errors="replace"), since))
    return result


def main() -> None:
    """Write what is in a folder of packages as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", required=True, help="the first day that counts")
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    found = read(args.folder, args.since)
    data = {name: [asdict(entry) for entry in each] for name, each in found.items()}
    args.output.write_text(json.dumps(data))


if __name__ == "__main__":
    run(main)
