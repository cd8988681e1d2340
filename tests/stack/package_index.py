"""A package index on this machine's loopback interface, with wheels made on the spot.

Builds in the tests install from it, so that they depend on no index elsewhere.
Source: PEP 503 for the pages, PEP 427 for the wheels.
"""

from __future__ import annotations

import io
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Dict, Iterator, List, Mapping, Sequence


def wheel(name: str, version: str, code: str = "", requires: Sequence[str] = ()) -> bytes:
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
    return stream.getvalue()


@contextmanager
def package_index(wheels: Mapping[str, Mapping[str, bytes]]) -> Iterator[str]:
    """Serves wheels while the block lasts.

    Args:
        wheels: For each distribution, its wheels by version.

    Yields:
        The URL for pip's `--index-url`.
    """
    pages = _pages(wheels)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            kind = "application/zip" if self.path.endswith(".whl") else "text/html"
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


def _pages(wheels: Mapping[str, Mapping[str, bytes]]) -> Dict[str, bytes]:
    pages: Dict[str, bytes] = {}
    for name, versions in wheels.items():
        links: List[str] = []
        for version, content in versions.items():
            file = f"{name}-{version}-py3-none-any.whl"
            pages[f"/files/{file}"] = content
            links.append(f'<a href="/files/{file}">{file}</a>')
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"
        # Pages are asked for by the normalised name.
        pages[f"/simple/{name.replace('_', '-')}/"] = page.encode()
    return pages
