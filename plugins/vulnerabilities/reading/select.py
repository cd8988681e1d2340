"""Selects, from all of the advisory data, what is about some packages.

usage: python -m vulnerabilities.reading.select REQUEST OUTPUT

It runs as a process of its own, since the data takes much memory. REQUEST and OUTPUT are JSON, as
`vulnerabilities.util_rules.advisories` writes and reads them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import AbstractSet, Any, Dict, List, Mapping, Set

from oci.sandbox.errors import SandboxError, run
from vulnerabilities.reading import debian_tracker, osv
from vulnerabilities.reading.advisory import Advisory
from vulnerabilities.reading.source import Source, file_hash


@dataclass(frozen=True)
class Selection:
    """What is about the packages."""

    advisories: List[Advisory]

    origin: str
    """Where it is from, for the report."""

    gaps: List[str] = field(default_factory=list)
    """A sentence for each part of the packages that the data does not speak of at all."""


def _origin(source: Source, path: Path) -> str:
    return source.spec if path.is_dir() else f"{source.spec}, sha256 {file_hash(path)}"


def select_python(source: Source, folder: Path, names: AbstractSet[str]) -> Selection:
    """Read advisories in the OSV format.

    Raises:
        SandboxError: there are none.
    """
    path = source.fetch(folder)
    found: List[Advisory] = []
    files = 0
    for where, content in source.members(path):
        alone = where == source.spec
        files += b"id" in content and b"affected" in content
        if alone or osv.mentions(content, names):
            found += osv.read(where, content, names)
    if not files:
        raise SandboxError(
            f"{source.spec}: it holds no advisory in the OSV format. Name a checkout of the PyPA "
            "advisory database, or an archive of it."
        )
    return Selection(found, _origin(source, path))


def select_debian(
    source: Source, folder: Path, packages: Mapping[str, AbstractSet[str]]
) -> Selection:
    """Read the JSON of Debian's security tracker."""
    path = source.fetch(folder)
    if path.is_dir():
        raise SandboxError(f"{source.spec}: this is a folder. Name the file with the JSON.")
    found: List[Advisory] = []
    listed: Set[str] = set()
    for where, content in source.members(path):
        tracked = debian_tracker.read(where, content, packages)
        found += tracked.advisories
        listed |= tracked.suites
    wanted = Counter(suite for suites in packages.values() for suite in suites)
    gaps = [
        f"{source.spec}: Debian's security tracker does not list {suite}, so nothing is known of "
        f"{count:,} source packages of it. Name data of a day when it did."
        for suite, count in sorted(wanted.items())
        if suite not in listed
    ]
    return Selection(found, _origin(source, path), gaps)


def select(request: Dict[str, Any], folder: Path) -> Dict[str, Any]:
    """Answer a request."""
    selections = []
    if request["python"]:
        source = Source.parse(request["python"])
        selections.append(select_python(source, folder, set(request["names"])))
    if request["debian"]:
        source = Source.parse(request["debian"])
        packages = {name: set(suites) for name, suites in request["sources"].items()}
        selections.append(select_debian(source, folder, packages))
    return {
        "advisories": [each.to_json() for one in selections for each in one.advisories],
        "origins": [one.origin for one in selections],
        "gaps": [gap for one in selections for gap in one.gaps],
    }


def main() -> None:
    """Write the answer to a request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("request", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    answer = select(json.loads(args.request.read_text()), Path.cwd())
    args.output.write_text(json.dumps(answer))


if __name__ == "__main__":
    run(main)
