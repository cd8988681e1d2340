"""Finds which package each path of an installed system belongs to, as dpkg's records say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, Iterable, List, Optional

from debian.sandbox.licences import licences
from debian.sandbox.normal_paths import link_target
from oci.format.packages import Package
from oci.sandbox.layer_writer import Entry

_RECORD = re.compile(r"var/lib/dpkg/info/([a-z0-9][a-z0-9+.-]+?)(:[a-z0-9]+)?\.([a-z0-9]+)")


def _text(entry: Entry) -> str:
    assert entry.open is not None
    with entry.open() as content:
        return content.read().decode("utf-8", "replace")


def owners(system: Dict[str, Entry]) -> Dict[str, str]:
    """The name of the package that brought a path, by path; folders belong to nobody.

    dpkg's records of a package count as the package's. What maintainer scripts made has no owner.
    """
    result: Dict[str, str] = {}
    for path, entry in system.items():
        record = _RECORD.fullmatch(path)
        if not record:
            continue
        result[path] = record[1]
        if record[3] == "list":
            for line in _text(entry).splitlines():
                listed = system.get(line[1:])
                if listed is not None and listed.kind != "dir":
                    result[listed.path] = record[1]
    return result


def with_owners(
    layer: Iterable[Entry], system: Dict[str, Entry], contents: Dict[str, Package]
) -> List[Entry]:
    """The entries of a layer, each with the package that it belongs to.

    Args:
        layer: What the layer holds.
        system: The whole system, whose records say who owns what.
        contents: The layer's packages, by name.
    """
    names = owners(system)
    keys = {name: package.key for name, package in contents.items()}
    return [replace(entry, package=keys.get(names.get(entry.path, ""), "")) for entry in layer]


def _copyright_file(system: Dict[str, Entry], name: str) -> Optional[Entry]:
    path = f"usr/share/doc/{name}"
    for candidate in (path, f"{path}/copyright"):
        entry = system.get(candidate)
        # Packages of one source may share the folder or the file of one of them.
        if entry is not None and entry.kind == "link":
            target = link_target(entry.path, entry.link)
            path = target if candidate == path else target.rpartition("/")[0]
    entry = system.get(f"{path}/copyright")
    return entry if entry is not None and entry.kind == "file" else None


def with_licences(contents: Dict[str, Package], system: Dict[str, Entry]) -> List[Package]:
    """The packages, each with the licences that its copyright file names."""
    result = []
    for name, package in contents.items():
        entry = _copyright_file(system, name)
        result.append(replace(package, licences=licences(_text(entry)) if entry else ()))
    return result
