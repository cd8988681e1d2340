"""Applies patches to a wheel, which gets a local version.

The result is a wheel like any other: hashed by its RECORD, and told from the original by its name,
its metadata and `pip freeze`.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

from oci.sandbox.errors import SandboxError, run
from wheels.sandbox.patches import Patch
from wheels.sandbox.wheel_archive import WheelArchive, base64_digest


class PatchedWheel:
    """A wheel and changes to its files.

    Args:
        wheel: The wheel as it is.
    """

    def __init__(self, wheel: WheelArchive) -> None:
        self._wheel = wheel
        self._changed: Dict[str, bytes] = {}
        self._stem = wheel.dist_info[: -len(".dist-info")]
        names = wheel.zip.namelist()
        self._members = {name for name in names if not name.endswith("/")}
        self._packages = {name.split("/")[0] for name in names if not self._is_metadata(name)}

    def _is_metadata(self, path: str) -> bool:
        """Whether a path is none of the distribution's own files."""
        return path.startswith((f"{self._stem}.dist-info/", f"{self._stem}.data/"))

    def _read(self, path: str) -> Optional[bytes]:
        if path in self._changed or path not in self._members:
            return self._changed.get(path)
        return self._wheel.read(path)

    def apply(self, patch: Patch) -> None:
        """Take in the changes of a patch, on top of those before it.

        Raises:
            SandboxError: it does not apply, or touches what is not the distribution's.
        """
        for path, content in patch.apply(self._read).items():
            normal = all(part not in ("", ".", "..") for part in path.split("/"))
            if not normal or self._is_metadata(path) or path.split("/")[0] not in self._packages:
                raise patch.error(
                    f"{path} is not a file of a package in {self._wheel.file}; take that file out "
                    "of the patch"
                )
            self._changed[path] = content

    def write(self, local_version: str, folder: Path) -> Path:
        """Write the wheel, with a local version behind its version.

        Raises:
            SandboxError: the wheel has a local version already.
        """
        wheel = self._wheel
        if "+" in wheel.version:
            raise wheel.error(f"its version {wheel.version} is a local one already")
        version = f"{wheel.version}+{local_version}"
        stem = f"{self._stem[: -len(wheel.version)]}{version}"
        file = "-".join((stem, *wheel.file.split("-")[2:]))
        rows: List[Tuple[str, str, str]] = []
        record = f"{wheel.dist_info}/RECORD"
        infos = [each for each in wheel.zip.infolist() if each.filename in self._members]
        path = folder / file
        with zipfile.ZipFile(path, "w") as archive:
            for info, content in self._contents(infos, version):
                if info.filename == record:
                    continue
                info.filename = self._renamed(info.filename, stem)
                rows.append((info.filename, f"sha256={base64_digest(content)}", str(len(content))))
                _write(archive, info, content)
            renamed = self._renamed(record, stem)
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([*rows, (renamed, "", "")])
            _write(
                archive, _info_like(wheel.zip.getinfo(record), renamed), text.getvalue().encode()
            )
        return path

    def _contents(
        self, infos: Iterable[zipfile.ZipInfo], version: str
    ) -> Iterable[Tuple[zipfile.ZipInfo, bytes]]:
        metadata = f"{self._wheel.dist_info}/METADATA"
        for info in infos:
            content = self._read(info.filename)
            assert content is not None
            if info.filename == metadata:
                line = f"Version: {version}".encode()
                content = re.sub(rb"(?m)^Version:.*$", line, content, count=1)
            yield _info_like(info, info.filename), content
        record = self._wheel.zip.getinfo(f"{self._wheel.dist_info}/RECORD")
        for path in sorted(self._changed.keys() - self._members):
            yield _info_like(record, path), self._changed[path]

    def _renamed(self, path: str, stem: str) -> str:
        return stem + path[len(self._stem) :] if self._is_metadata(path) else path


def _info_like(info: zipfile.ZipInfo, path: str) -> zipfile.ZipInfo:
    """The same time and mode, for another path."""
    copy = zipfile.ZipInfo(path, info.date_time)
    copy.external_attr = info.external_attr
    copy.create_system = info.create_system
    copy.compress_type = zipfile.ZIP_DEFLATED
    return copy


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, content: bytes) -> None:
    # The wheel is read once, for a layer that is compressed anew.
    archive.writestr(info, content, compresslevel=1)


def main() -> None:
    """Patch one wheel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--local-version", required=True)
    parser.add_argument("--origin", required=True, help="who names the patches")
    parser.add_argument("--patch", action="append", required=True, help="path; in order")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    patched = PatchedWheel(WheelArchive(args.wheel))
    try:
        for path in args.patch:
            patched.apply(Patch(path, Path(path).read_bytes()))
    except SandboxError as error:
        raise SandboxError(f"{args.origin}, for {args.wheel.name}: {error}") from None
    args.output.mkdir(parents=True)
    patched.write(args.local_version, args.output)


if __name__ == "__main__":
    run(main)
