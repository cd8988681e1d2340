"""Fetches the files of a lock by name, and checks their size and sha256.

Source distributions are files like others here: nothing that is fetched is run.
"""

from __future__ import annotations

import argparse
import sys
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cached_property
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence, Tuple
from urllib.parse import urlsplit

import requests
from oci.sandbox.errors import SandboxError, run
from requests.utils import get_auth_from_url
from wheels.sandbox import simple_index
from wheels.sandbox.file_cache import FileCache
from wheels.sandbox.locked_files import FetchRequest, LockedFile, load
from wheels.sandbox.pip_settings import PipSettings, read_pip_settings

_THREADS = 8
_ATTEMPTS = 4
_TIMEOUT = (15, 60)  # seconds to connect, and between two packets
_CHUNK = 1 << 18
_PROGRESS_SECONDS = 5.0
_DEFAULT_PORTS = {"http": 80, "https": 443}


class _TryAgain(Exception):
    """Something that may be over in a moment."""


def _origin(url: str) -> Tuple[str, Optional[str], Optional[int]]:
    """Scheme, host and port. Source: RFC 6454, section 4."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def credentials(url: str, indexes: Sequence[str]) -> Optional[Tuple[str, str]]:
    """User and password for a URL, from the index on the same server that has them.

    Files may lie beside an index, below other paths; absolute links to them hold no password. As in
    pip, the index that a URL lies below comes first.
    """

    def fit(index: str) -> int:
        below = f"{urlsplit(index).path.rstrip('/')}/"
        return len(below) if urlsplit(url).path.startswith(below) else 0

    same = [index for index in indexes if _origin(index) == _origin(url)]
    places = (url, *sorted(same, key=fit, reverse=True))
    found = (get_auth_from_url(place) for place in places)
    return next((each for each in found if any(each)), None)


class Fetcher:
    """Downloads files from the machine's index into a cache.

    Args:
        settings: Says which index, and how to trust it. Called when a file is not in the cache.
        cache: Where files are kept.
        request: The files, and how errors name them.
        pause: Seconds before the second attempt; doubled for each further one.
    """

    def __init__(
        self,
        settings: Callable[[], PipSettings],
        cache: FileCache,
        request: FetchRequest,
        pause: float = 1.0,
    ) -> None:
        self._read_settings = settings
        self._cache = cache
        self._request = request
        self._pause = pause
        self._local = threading.local()
        self._stop = threading.Event()
        self.fetched = 0
        """Bytes downloaded so far."""

    @cached_property
    def _settings(self) -> PipSettings:
        return self._read_settings()

    def _get(self, url: str, **headers: str) -> requests.Response:
        session: requests.Session = getattr(self._local, "session", None) or requests.Session()
        self._local.session = session
        trusted = urlsplit(url).hostname in self._settings.trusted_hosts
        response = session.get(
            url,
            headers=headers,
            auth=credentials(url, self._settings.indexes),
            timeout=_TIMEOUT,
            stream=True,
            verify=False if trusted else self._settings.verify,
        )
        if response.status_code == 429 or response.status_code >= 500:
            raise _TryAgain(f"the index answered {response.status_code}")
        return response

    def _body(self, response: requests.Response) -> Iterator[bytes]:
        for chunk in response.iter_content(_CHUNK):
            if self._stop.is_set():
                raise SandboxError("Fetching was stopped.")
            self.fetched += len(chunk)
            yield chunk

    def _url(self, file: LockedFile) -> str:
        problem = ""
        for index in self._settings.indexes:
            page = self._get(f"{index}/{file.name}/", Accept=simple_index.ACCEPT)
            if page.status_code != 200:
                problem = problem or f"the index answered {page.status_code} for {file.name}"
                continue
            content_type = page.headers.get("Content-Type", "")
            urls = simple_index.file_urls(page.content, content_type, page.url)
            if file.file in urls:
                return urls[file.file]
            problem = f"the index's page of {file.name} does not list the file"
        raise SandboxError(self._sentence(file, problem))

    def _sentence(self, file: LockedFile, problem: str) -> str:
        return (
            f"{self._request.lock}: {file.file} of {file.name} cannot be fetched, {problem}: check "
            f"the index that pip is configured with, or renew the lock with `{self._request.fix}`."
        )

    def _download(self, file: LockedFile) -> None:
        response = self._get(self._url(file), **{"Accept-Encoding": "identity"})
        if response.status_code != 200:
            raise SandboxError(
                self._sentence(file, f"the index answered {response.status_code} for the file")
            )
        added = self._cache.add(self._body(response), file.sha256)
        if added.sha256 == file.sha256:
            return
        if added.size < file.size:
            raise _TryAgain(f"only {added.size} of its {file.size} bytes came")
        raise SandboxError(
            self._sentence(file, f"its sha256 is {added.sha256} where the lock says {file.sha256}")
        )

    def fetch(self, file: LockedFile, target: Path) -> None:
        """Put one file at `target`.

        Raises:
            SandboxError: it cannot be had, or is not what the lock says.
        """
        if self._cache.copy(file.sha256, target):
            return
        problem = ""
        for attempt in range(_ATTEMPTS):
            if attempt and self._stop.wait(self._pause * 2 ** (attempt - 1)):
                raise SandboxError("Fetching was stopped.")
            try:
                self._download(file)
            except _TryAgain as error:
                problem = str(error)
            except (requests.RequestException, ValueError) as error:
                # `requests` finds an error in some addresses only once it has begun.
                problem = f"the connection failed ({type(error).__name__})"
            else:
                self._cache.copy(file.sha256, target)
                return
        raise SandboxError(self._sentence(file, problem))

    def fetch_all(self, folder: Path) -> None:
        """Put all files into the folder, by their file names.

        Raises:
            SandboxError: what went wrong with the first file that failed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        total = sum(file.size for file in self._request.files)
        with ThreadPoolExecutor(_THREADS) as pool:
            pending = {
                pool.submit(self.fetch, file, folder / file.file) for file in self._request.files
            }
            while pending:
                done, pending = wait(pending, _PROGRESS_SECONDS, FIRST_EXCEPTION)
                failed = [future for future in done if future.exception()]
                if failed:
                    self._stop.set()
                    for future in pending:
                        future.cancel()
                    failed[0].result()
                if pending and sys.stderr.isatty():
                    print(f"{self.fetched / 1e6:.0f} of {total / 1e6:.0f} MB", file=sys.stderr)


def main() -> None:
    """Fetch what a request names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--request", type=Path, required=True, help="see `locked_files`")
    parser.add_argument("--cache", type=Path, required=True, help="folder of downloaded files")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    fetcher = Fetcher(read_pip_settings, FileCache(args.cache), load(args.request))
    fetcher.fetch_all(args.output)


if __name__ == "__main__":
    run(main)
