"""A package index on this machine's loopback interface, with distributions made on the spot.

Builds in the tests install from it, so that they depend on no index elsewhere.
Source: PEP 503 for the pages, PEP 427 for wheels, PEP 517 and PEP 660 for source distributions.
"""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Dict, Iterable, Iterator, List, Mapping, Sequence


@dataclass(frozen=True)
class Distribution:
    """One file of the index."""

    name: str
    file: str
    content: bytes


def wheel(name: str, version: str, code: str = "", requires: Sequence[str] = ()) -> Distribution:
    """A pure wheel of one module.

    Args:
        name: Name of the distribution and of its module, in lower case without `-`.
        version: Its version.
        code: The module's source.
        requires: Requirements, as in `Requires-Dist`.
    """
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {requirement}\n" for requirement in requires]
    members = {
        f"{name}.py": code,
        f"{info}/METADATA": "".join(metadata),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    # Hashes are optional in a RECORD, and pip writes its own.
    record = "".join(f"{path},,\n" for path in [*members, f"{info}/RECORD"])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in {**members, f"{info}/RECORD": record}.items():
            archive.writestr(path, content)
    return Distribution(name, f"{name}-{version}-py3-none-any.whl", stream.getvalue())


def sdist(name: str, version: str, files: Mapping[str, str]) -> Distribution:
    """A source distribution.

    Args:
        name: Name of the distribution, in lower case without `-`.
        version: Its version.
        files: Its project: content by path.
    """
    folder = f"{name}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for path, text in {**files, "PKG-INFO": metadata}.items():
            info = tarfile.TarInfo(f"{folder}/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return Distribution(name, f"{folder}.tar.gz", stream.getvalue())


@contextmanager
def package_index(distributions: Iterable[Distribution]) -> Iterator[str]:
    """Serves distributions while the block lasts.

    Yields:
        The URL for pip's `--index-url`.
    """
    pages = _pages(distributions)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            kind = "text/html" if self.path.endswith("/") else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pages(distributions: Iterable[Distribution]) -> Dict[str, bytes]:
    pages: Dict[str, bytes] = {}
    links: Dict[str, List[str]] = {}
    for each in distributions:
        pages[f"/files/{each.file}"] = each.content
        # Pages are asked for by the normalised name.
        page = f"/simple/{each.name.replace('_', '-')}/"
        links.setdefault(page, []).append(f'<a href="/files/{each.file}">{each.file}</a>')
    for page, found in links.items():
        pages[page] = f"<!DOCTYPE html><html><body>{''.join(found)}</body></html>".encode()
    return pages
