"""Opens wheels that are not trusted to be well formed."""

from __future__ import annotations

import calendar
import hashlib
import io
import zipfile
from base64 import urlsafe_b64encode
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, Tuple, cast

from installer.exceptions import InstallerError
from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file
from installer.sources import WheelFile
from installer.utils import canonicalize_name
from oci.format.purl import PackageUrl
from oci.format.zip_epoch import ZIP_EPOCH
from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError

# Those of the shake family are of any length, and say of none how long it is.
_HASHES = {name for name in hashlib.algorithms_guaranteed if not name.startswith("shake_")}

# Signatures are not listed in RECORD. Source: the binary distribution format.
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")


def base64_digest(content: bytes) -> str:
    """The sha256 of some bytes, as RECORD writes hashes."""
    return urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _purl(name: str, version: str) -> str:
    return str(PackageUrl("pypi", canonicalize_name(name), version))


def _licences(headers: Message) -> Tuple[str, ...]:
    """An expression or a few words, else classifiers. Source: core metadata 2.4."""
    for field in ("License-Expression", "License"):
        text = str(headers.get(field, "")).strip()
        # Some put the whole text of the licence there.
        if text and text != "UNKNOWN" and "\n" not in text and len(text) < 100:
            return (text,)
    classifiers = (str(each) for each in headers.get_all("Classifier", []))
    names = (each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::"))
    return tuple(sorted(set(names) - {"OSI Approved"}))


def _words(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


class _VerifiedMember(io.RawIOBase):
    """Gives a member's bytes; at their end, compares them with RECORD."""

    def __init__(self, wheel: WheelArchive, name: str) -> None:
        self._wheel = wheel
        self._name = name
        try:
            self._member = wheel.zip.open(name)
        except DAMAGE:
            raise wheel.error(f"{name} is damaged") from None
        self._left = wheel.zip.getinfo(name).file_size
        entry = wheel.record[name].hash_
        assert entry is not None
        self._expected = entry.value.rstrip("=")
        self._digest = hashlib.new(entry.name)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        try:
            data = self._member.read(len(buffer))
        except DAMAGE:
            raise self._wheel.error(f"{self._name} is damaged") from None
        self._digest.update(data)
        self._left -= len(data)
        buffer[: len(data)] = data
        if self._left == 0 and self._actual() != self._expected:
            raise self._wheel.error(f"{self._name} is not what its RECORD says")
        return len(data)

    def _actual(self) -> str:
        return urlsafe_b64encode(self._digest.digest()).decode().rstrip("=")

    def close(self) -> None:
        self._member.close()
        super().close()


class _Source(WheelFile):
    """Finds the folder of scripts, headers and data as pip does: its name is not always spelled as
    that of the file.
    """

    @property
    def data_dir(self) -> str:
        names = self._zipfile.namelist()
        top_level = {name.partition("/")[0] for name in names if "/" in name}
        found = sorted(name for name in top_level if name.endswith(".data"))
        folder = found[0] if found else super().data_dir
        name = canonicalize_name(folder.rpartition("-")[0])
        if len(found) > 1 or name != canonicalize_name(self.distribution):
            raise ValueError(
                f"it holds the folder {' and '.join(found)}, where {super().data_dir} may be"
            )
        for name in names:
            # `installer` compares the beginnings of paths, and does not come to an end with these.
            if name.startswith(folder) and not name.startswith(f"{folder}/"):
                raise ValueError(f"its member {name!r} is called like the folder {folder}")
        return folder


class WheelArchive:
    """A wheel that was checked: normal paths, each once, and every file hashed by RECORD.

    Args:
        path: The wheel.

    Raises:
        SandboxError: it is not a wheel, or one that could write outside its places.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        try:
            self.zip = zipfile.ZipFile(path)
        except DAMAGE:
            raise self.error("it is not a zip archive") from None
        self._check_names()
        try:
            self.source = _Source(self.zip)
            self.data_dir = self.source.data_dir
            self.dist_info = self.source.dist_info_dir
            self.record = self._read_record()
        except (*DAMAGE, InstallerError, InvalidRecordEntry) as error:
            raise self.error(_words(error)) from None
        self.name: str = canonicalize_name(self.source.distribution)
        self.version = self.source.version
        self._check_record()

    @property
    def purl(self) -> str:
        """The wheel's package URL."""
        return _purl(self.name, self.version)

    @property
    def licences(self) -> Tuple[str, ...]:
        """What METADATA says in a few words."""
        return _licences(self._metadata)

    @property
    def requires(self) -> Tuple[str, ...]:
        """What METADATA requires, as PEP 508 writes it."""
        lines = (str(each) for each in self._metadata.get_all("Requires-Dist", []))
        return tuple(" ".join(line.split()) for line in lines)

    @property
    def _metadata(self) -> Message:
        try:
            return HeaderParser().parsestr(self.source.read_dist_info("METADATA"))
        except DAMAGE as error:
            raise self.error(_words(error)) from None

    def vendored(self) -> Iterator[Tuple[str, Tuple[str, ...]]]:
        """Package URLs and licences of distributions that the wheel carries inside its packages."""
        for name in self.zip.namelist():
            *folders, dist_info, file = ["", *name.split("/")]
            if file != "METADATA" or not dist_info.endswith(".dist-info"):
                continue
            # Test data is made up.
            if dist_info != self.dist_info and {"test", "tests"}.isdisjoint(folders):
                headers = HeaderParser().parsestr(self.read(name).decode(errors="replace"))
                if not headers["Name"] or not headers["Version"]:
                    continue
                yield _purl(str(headers["Name"]), str(headers["Version"])), _licences(headers)

    def error(self, problem: str) -> SandboxError:
        """A sentence about this wheel."""
        return SandboxError(
            f"The wheel {self.file} cannot be installed, {problem}: leave it out of the layer, or "
            "lock another version of the distribution."
        )

    def _check_names(self) -> None:
        seen = set()
        for info in self.zip.infolist():
            # Python's ends at the first zero byte, and other programs' may not.
            name = info.orig_filename
            parts = name.rstrip("/").split("/")
            odd = any(character in name for character in "\\\0\n\r")
            if name.startswith("/") or odd or any(p in ("", ".", "..") for p in parts):
                raise self.error(f"its member {name!r} is not a normal relative path")
            if name in seen:
                raise self.error(f"it holds {name!r} twice")
            seen.add(name)

    def _read_record(self) -> Dict[str, RecordEntry]:
        lines = self.source.read_dist_info("RECORD").splitlines()
        entries = (RecordEntry.from_elements(*row) for row in parse_record_file(lines))
        return {entry.path: entry for entry in entries}

    def _check_record(self) -> None:
        unlisted = {f"{self.dist_info}/{name}" for name in _UNLISTED}
        for info in self.zip.infolist():
            if info.is_dir() or info.filename in unlisted:
                continue
            entry = self.record.get(info.filename)
            if entry is None or entry.hash_ is None:
                raise self.error(f"its RECORD has no hash of {info.filename}")
            if entry.hash_.name not in _HASHES:
                raise self.error(f"its RECORD uses the unknown hash {entry.hash_.name!r}")

    def open(self, name: str) -> BinaryIO:
        """The bytes of a member; reading its end raises `SandboxError` if they are not RECORD's."""
        if name not in self.record or self.record[name].hash_ is None:
            try:
                return cast(BinaryIO, self.zip.open(name))
            except DAMAGE as error:
                raise self.error(_words(error)) from None
        return cast(BinaryIO, io.BufferedReader(_VerifiedMember(self, name), 1 << 17))

    def read(self, name: str) -> bytes:
        """All bytes of a member, checked."""
        with self.open(name) as stream:
            return stream.read()

    def size(self, name: str) -> int:
        """Bytes of a member."""
        return self.zip.getinfo(name).file_size

    def mtime(self, name: str) -> int:
        """A member's time: zip has no time zone, and UTC is the same one on every machine."""
        year, month, day, *time = self.zip.getinfo(name).date_time
        stamp: Tuple[int, ...] = (year, min(max(month, 1), 12), max(day, 1), *time)
        return max(calendar.timegm(stamp), ZIP_EPOCH)
