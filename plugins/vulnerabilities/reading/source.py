"""Gets advisory data: a file, a folder or an archive at a path, or a file at an https URL.

Archives are read and never unpacked. All sizes are bounded.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional, Tuple
from urllib.parse import urlsplit

from oci.sandbox.certificates import ca_bundle
from oci.sandbox.damage import DAMAGE
from oci.sandbox.errors import SandboxError
from vulnerabilities.reading.advisory import one_line

MOST_BYTES = 512 * 1024**2
"""Of a file, and of all that an archive or a folder holds."""

_SECONDS = 600
_TIMEOUT = 60  # seconds to connect, and between two packets
_ENDINGS = (".json", ".yaml", ".yml")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_HASH = re.compile(r"sha256=([0-9a-f]{64})")

Member = Tuple[str, bytes]
"""What a file is called in errors, and what it holds."""


@dataclass(frozen=True)
class Source:
    """Where data is."""

    spec: str
    """As the user named it, without the hash."""

    sha256: Optional[str]
    """What a file must have; None where the user names none."""

    @classmethod
    def parse(cls, option: str) -> Source:
        """Read a path or URL that `#sha256=HEX` may follow.

        Raises:
            SandboxError: It is a URL without https, or the hash is none.
        """
        spec, _, fragment = option.partition("#")
        match = _HASH.fullmatch(fragment)
        if fragment and not match:
            raise SandboxError(
                f"{option}: what follows `#` is not a hash. Write `#sha256=` and 64 hex digits."
            )
        if "://" in spec and not _is_safe(spec):
            raise SandboxError(
                f"{spec}: advisories come by https alone. Name such a URL, or a path."
            )
        return cls(spec, match[1] if match else None)

    @property
    def is_url(self) -> bool:
        return "://" in self.spec

    def fetch(self, folder: Path) -> Path:
        """The path of the data, which is downloaded if need be and has the right hash.

        Args:
            folder: Where a download goes.
        """
        path = folder / "download" if self.is_url else Path(self.spec)
        if self.is_url:
            _download(self.spec, path)
        elif not path.exists():
            raise SandboxError(f"{self.spec}: there is nothing. Correct the path.")
        if self.sha256 and (path.is_dir() or file_hash(path) != self.sha256):
            found = "a folder, which has none" if path.is_dir() else f"sha256={file_hash(path)}"
            raise SandboxError(
                f"{self.spec}: its hash should be sha256={self.sha256}, and it is {found}. Get it "
                "again, or correct the hash."
            )
        return path

    def members(self, path: Path) -> Iterator[Member]:
        """All files of the data that may be advisories."""
        left = MOST_BYTES
        for name, content in self._members(path):
            left -= len(content)
            if left < 0:
                raise SandboxError(
                    f"{self.spec}: it holds more than {MOST_BYTES >> 20} MB, as no advisory data "
                    "does. Name something else."
                )
            yield f"{self.spec}: {name}" if name else self.spec, content

    def _members(self, path: Path) -> Iterator[Member]:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                name = str(file.relative_to(path))
                if _may_be_advisory(name) and file.is_file() and not file.is_symlink():
                    yield name, _read(file)
            return
        try:
            if zipfile.is_zipfile(path):
                yield from _zip_members(path)
            elif tarfile.is_tarfile(path):
                yield from _tar_members(path)
            else:
                yield "", _read(path)
        except DAMAGE as error:
            raise SandboxError(
                f"{self.spec}: this archive is damaged ({one_line(str(error))}). Get it again."
            ) from None


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def file_hash(path: Path) -> str:
    """The sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(1 << 20)
            if not chunk:
                return digest.hexdigest()
            digest.update(chunk)


def _may_be_advisory(name: str) -> bool:
    parts = name.split("/")
    return name.endswith(_ENDINGS) and not any(part.startswith(".") for part in parts)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if _may_be_advisory(info.filename) and not info.is_dir():
                with archive.open(info) as stream:
                    yield info.filename, stream.read(MOST_BYTES + 1)


def _tar_members(path: Path) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            # No link: what it points at is a member, too.
            if _may_be_advisory(info.name) and info.isfile():
                stream = archive.extractfile(info)
                assert stream
                yield info.name, stream.read(MOST_BYTES + 1)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **more: Any) -> Optional[urllib.request.Request]:
        request = super().redirect_request(*args, **more)
        if request and not _is_safe(request.full_url):
            raise SandboxError(
                f"{args[0].full_url}: it leads to {request.full_url}, without https. Name another."
            )
        return request


def _download(url: str, path: Path) -> None:
    bundle = ca_bundle()
    try:
        context = ssl.create_default_context(cafile=bundle if isinstance(bundle, str) else None)
        opener = urllib.request.build_opener(
            _SafeRedirects, urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(url, timeout=_TIMEOUT) as response:
            _save(url, response, path)
    except urllib.error.HTTPError as error:
        raise SandboxError(
            f"{url}: the server answers {error.code} {one_line(str(error.reason))}. Correct the "
            "URL, or try again later."
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError(
            f"{url}: it cannot be downloaded ({type(error).__name__}: {one_line(str(error))}). Try "
            "again, or name a file that you have."
        ) from None


def _save(url: str, response: Any, path: Path) -> None:
    end, size = time.monotonic() + _SECONDS, 0
    with path.open("wb") as file:
        while True:
            chunk = response.read(1 << 20)
            if not chunk:
                break
            size += len(chunk)
            if size > MOST_BYTES:
                raise SandboxError(
                    f"{url}: the answer is larger than {MOST_BYTES >> 20} MB, as no advisory data "
                    "is. Name something else."
                )
            if time.monotonic() > end:
                raise SandboxError(
                    f"{url}: the download takes more than {_SECONDS // 60} minutes. Get the file "
                    "yourself, and name its path."
                )
            file.write(chunk)
    # Python does not compare.
    expected = response.headers.get("Content-Length", "")
    if expected.isdigit() and int(expected) != size:
        raise SandboxError(
            f"{url}: the download broke off after {size:,} of {int(expected):,} bytes. Try again."
        )
