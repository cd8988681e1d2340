"""Installs a wheel with pypa/installer into entries of a layer.

Nothing is unpacked: an entry knows its member of the wheel, and reads it when the layer is written.
"""

from __future__ import annotations

import configparser
import csv
import io
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, Dict, Iterable, List, Tuple, Union

from installer import install
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.utils import Scheme, fix_shebang
from oci.sandbox.damage import DAMAGE
from oci.sandbox.layer_writer import Entry, file_entry
from wheels.sandbox.places import Places
from wheels.sandbox.wheel_archive import WheelArchive, base64_digest

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

INSTALLER = b"pants\n"
"""Content of the INSTALLER file of every distribution. Source: PEP 376."""


@dataclass(frozen=True)
class InstalledFile:
    """One file of an installed wheel."""

    entry: Entry

    hash: str
    """As RECORD writes it: `sha256=<base64>`."""


class LayerDestination(WheelDestination):
    """Collects what `installer.install` writes.

    Args:
        wheel: The wheel that is installed.
        places: Where its files go.
    """

    def __init__(self, wheel: WheelArchive, places: Places) -> None:
        self._wheel = wheel
        self._places = places
        self._time = wheel.mtime(f"{wheel.dist_info}/RECORD")
        self.files: Dict[str, InstalledFile] = {}
        """Files by their absolute path in the image; RECORD is not among them."""

    def _add(self, path: str, entry: Entry, hash_: str) -> None:
        if path in self.files:
            raise self._wheel.error(f"it writes {path} twice")
        self.files[path] = InstalledFile(entry, hash_)

    def _add_content(self, path: str, content: bytes, mode: int, mtime: int) -> RecordEntry:
        hash_ = Hash("sha256", base64_digest(content))
        self._add(path, file_entry(path[1:], content, mode, mtime), f"sha256={hash_.value}")
        return RecordEntry(path, hash_, len(content))

    def write_script(
        self, name: str, module: str, attr: str, section: ScriptSection
    ) -> RecordEntry:
        """Make the script of an entry point."""
        if "/" in name or name.strip() in ("", ".", ".."):
            raise self._wheel.error(f"its entry point {name!r} is not a file name")
        script = Script(name, module, attr, section)
        file_name, content = script.generate(self._places.shebang, kind="posix")
        path = f"{self._places.scripts}/{file_name}"
        return self._add_content(path, content, 0o755, self._time)

    def write_file(
        self,
        scheme: Scheme,
        path: Union[str, PathLike[str]],
        stream: BinaryIO,
        is_executable: bool,
    ) -> RecordEntry:
        """Take a member of the wheel, or a file that the installation adds."""
        target = f"{self._places.folder(scheme, self._wheel.source.distribution)}/{path}"
        mode = 0o755 if is_executable or scheme == "scripts" else 0o644
        if isinstance(stream, io.BytesIO):
            return self._add_content(target, stream.getvalue(), mode, self._time)
        member = stream.name
        mtime = self._wheel.mtime(member)
        if scheme == "scripts":
            checked = io.BytesIO(self._wheel.read(member))
            with fix_shebang(checked, self._places.shebang) as fixed:
                return self._add_content(target, fixed.read(), mode, mtime)
        size = self._wheel.size(member)
        entry = Entry(
            target[1:], "file", mode, mtime, open=lambda: self._wheel.open(member), size=size
        )
        record = self._wheel.record.get(member)
        hash_ = record.hash_ if record else None
        self._add(target, entry, f"{hash_.name}={hash_.value}" if hash_ else "")
        return RecordEntry(target, hash_, size)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[Tuple[Scheme, RecordEntry]]
    ) -> None:
        """RECORD is written once the bytecode is known: see `record_entry`."""

    def record_entry(self, bytecode: Iterable[str]) -> Entry:
        """The distribution's RECORD, in order of paths.

        Args:
            bytecode: Absolute paths of the pyc files of its sources. They are listed without hash,
                as pip does it.
        """
        path = f"{self._places.site_packages}/{self._wheel.dist_info}/RECORD"
        rows: List[Tuple[str, str, str]] = [(self._places.record_path(path), "", "")]
        for name, file in self.files.items():
            rows.append((self._places.record_path(name), file.hash, str(file.entry.size)))
        rows += [(self._places.record_path(name), "", "") for name in bytecode]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sorted(rows))
        return file_entry(path[1:], text.getvalue().encode(), 0o644, self._time)


def install_wheel(wheel: WheelArchive, places: Places) -> LayerDestination:
    """Install one wheel.

    Raises:
        SandboxError: the wheel is not one that can be installed.
    """
    destination = LayerDestination(wheel, places)
    try:
        install(wheel.source, destination, {"INSTALLER": INSTALLER})
    except (*DAMAGE, InstallerError, AssertionError, configparser.Error) as error:
        raise wheel.error(f"{type(error).__name__} {' '.join(str(error).split())}") from None
    return destination
