"""Builds a layer of installed wheels.

Every wheel is installed as `pip` would, but without what differs between machines: no URL it came
from, no interpreter of the build host, no clock.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterable, List, Tuple

from oci.format.packages import Package
from oci.format.purl import package_key
from oci.sandbox import layer_args
from oci.sandbox.errors import SandboxError, run
from oci.sandbox.interpreter import Interpreter
from oci.sandbox.layer_writer import Entry, file_entry
from oci.sandbox.parents import DIRECTORY_MTIME, with_parents
from wheels.sandbox.bytecode_spool import BytecodeSpool, wants_bytecode
from wheels.sandbox.layer_destination import InstalledFile, LayerDestination, install_wheel
from wheels.sandbox.path_patterns import PathPatterns
from wheels.sandbox.places import Places
from wheels.sandbox.wheel_archive import WheelArchive


class _Ownership:
    """Which wheel a path belongs to."""

    def __init__(self) -> None:
        self._owners: Dict[str, Tuple[WheelArchive, InstalledFile]] = {}

    def claim(self, path: str, wheel: WheelArchive, file: InstalledFile) -> bool:
        """Whether the wheel is the first with this path.

        A later one may hold the same content, as the `__init__.py` of shared packages is; both
        list it in their RECORD.
        """
        owner = self._owners.setdefault(path, (wheel, file))
        if owner[0] is wheel:
            return True
        if (owner[1].hash, owner[1].entry.mode) != (file.hash, file.entry.mode):
            raise SandboxError(
                f"The wheels {owner[0].file} and {wheel.file} both hold {path}, with different "
                "content: leave it out with the field `omit`, or leave out one of them."
            )
        return False


def wheel_entries(
    wheels: Iterable[WheelArchive], places: Places, omit: PathPatterns, spool: BytecodeSpool
) -> List[Entry]:
    """Install wheels together, with bytecode; return all their files.

    Args:
        wheels: In the order in which they own files.
        places: Where files go.
        omit: Files that are left out, by their paths below `site_packages`.
        spool: Compiles sources, and keeps the result.

    Raises:
        SandboxError: a wheel cannot be installed, or two do not fit together.
    """
    ownership = _Ownership()
    entries: Dict[str, Entry] = {}
    installed: List[Tuple[str, LayerDestination]] = []
    for wheel in wheels:
        destination, key = install_wheel(wheel, places), package_key(wheel.purl)
        for path in list(destination.files):
            file = destination.files[path]
            if omit.match(places.record_path(path)):
                del destination.files[path]
            elif ownership.claim(path, wheel, file):
                entries[file.entry.path] = replace(file.entry, package=key)
        installed.append((key, destination))
    bytecode = spool.compile(
        entry for entry in entries.values() if wants_bytecode(places.record_path(f"/{entry.path}"))
    )
    result = [*entries.values(), *bytecode.values()]
    for key, destination in installed:
        own = (bytecode.get(file.entry.path) for file in destination.files.values())
        record = destination.record_entry(f"/{entry.path}" for entry in own if entry)
        result.append(replace(record, package=key))
    return result


def _project_wheel(project: Path) -> Path:
    # flit_core is there only where there is a project to build.
    from wheels.sandbox.build_project import build_project

    return build_project(project, Path("work"))


def _packages(
    wheels: Iterable[WheelArchive], paths: Iterable[Path], locked: Dict[str, List[str]]
) -> List[Package]:
    files = {path.name: path for path in paths}
    result = []
    for wheel in wheels:
        file, sha256 = locked.get(wheel.name) or (
            wheel.file,
            hashlib.sha256(files[wheel.file].read_bytes()).hexdigest(),
        )
        result.append(Package(wheel.purl, file, sha256, wheel.licences, requires=wheel.requires))
        # A fault of theirs is a fault of the image.
        for purl, licences in wheel.vendored():
            result.append(Package(purl, file, sha256, licences, package_key(wheel.purl)))
    return result


def main() -> None:
    """Write the layer that a spec describes."""
    parser = layer_args.parser(__doc__)
    parser.add_argument("--spec", type=Path, required=True, help="see `wheels.util_rules`")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--wheels", type=Path, help="folder of wheels")
    source.add_argument("--project", type=Path, help="folder of a project")
    args = parser.parse_args()
    spec = json.loads(args.spec.read_text())
    paths = [_project_wheel(args.project)] if args.project else list(args.wheels.glob("*.whl"))
    wheels = sorted((WheelArchive(path) for path in paths), key=lambda wheel: wheel.name)
    entries = wheel_entries(
        wheels,
        Places(**spec["places"]),
        PathPatterns(spec["omit"]),
        BytecodeSpool(Interpreter.from_spec(spec["interpreter"]), Path.cwd()),
    )
    for path, content in spec["files"].items():
        entries.append(file_entry(path[1:], content.encode(), 0o644, DIRECTORY_MTIME))
    packages = _packages(wheels, paths, spec["locked"])
    layer_args.write(args, with_parents(entries, {}), packages)


if __name__ == "__main__":
    run(main)
