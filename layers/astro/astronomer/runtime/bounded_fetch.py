"""Gets a small document over HTTP, within bounds on time and size."""

from __future__ import annotations

import socket
import threading
import zlib
from contextlib import suppress
from typing import Any, List

from astronomer.runtime.time_bound import within


class FetchError(Exception):
    """The document could not be had; the text never holds the address, which may hold a secret."""


def fetch(url: str, seconds: float, largest: int) -> bytes:
    """Get the document at `url`.

    Args:
        url: An `http` or `https` address. Redirections are not followed: the operator named it.
        seconds: Bound for all of it, however slowly it drips. Nothing goes on after it.
        largest: Bytes that it may have, packed and unpacked.

    Raises:
        FetchError: It did not come whole, in time, with status 200.
    """
    connections = _Connections()
    try:
        return within(seconds, lambda: _get(url, seconds, largest, connections))
    except TimeoutError:
        raise FetchError(f"it took longer than {seconds:g} s") from None
    finally:
        connections.end()


class _Connections:
    """Those of one document; whoever still reads from one is told that nothing more will come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: List[socket.socket] = []
        self._is_over = False

    def add(self, connection: socket.socket) -> None:
        """Note a connection; one that comes too late ends at once."""
        with self._lock:
            # TLS takes the descriptor from the object, not from a copy.
            self._open.append(connection.dup())
            if self._is_over:
                self._end_all()

    def end(self) -> None:
        """End all, and those to come."""
        with self._lock:
            self._is_over = True
            self._end_all()

    def _end_all(self) -> None:
        while self._open:
            with self._open.pop() as connection, suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _get(url: str, seconds: float, largest: int, connections: _Connections) -> bytes:
    import requests

    content = b""
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _noting_adapter(connections))
            with session.get(
                url,
                stream=True,
                timeout=seconds,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity"},
            ) as response:
                if response.status_code != 200:
                    raise FetchError(f"the answer is {response.status_code}")
                for piece in response.raw.stream(8192, decode_content=False):
                    content += piece
                    if len(content) > largest:
                        raise FetchError(f"the answer is longer than {largest} bytes")
                # Without a length, or in chunks, there is nothing to compare.
                if response.raw.length_remaining:
                    raise FetchError("the answer ends before its end")
                encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    except FetchError:
        raise
    except Exception as error:
        # Of requests, urllib3, http.client and the system, in whatever release.
        raise FetchError(type(error).__name__) from None
    return _unpacked(content, encoding, largest)


def _unpacked(content: bytes, encoding: str, largest: int) -> bytes:
    """What a server has packed although it was asked not to."""
    if encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError("the answer is encoded in another way than gzip")
    try:
        # With either header.
        unpacked = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(content, largest + 1)
    except zlib.error:
        raise FetchError(f"the answer is no {encoding}") from None
    if len(unpacked) > largest:
        raise FetchError(f"the answer is longer than {largest} bytes")
    return unpacked


def _noting_adapter(connections: _Connections) -> Any:
    """An adapter of requests that notes each connection, for another thread to end it."""
    from requests.adapters import HTTPAdapter
    from urllib3 import connection, connectionpool  # type: ignore[import]  # pants: no-infer-dep

    def noting(kind: Any) -> Any:
        class Noting(kind):  # type: ignore[misc]
            def _new_conn(self) -> Any:
                made = super()._new_conn()
                connections.add(made)
                return made

        return Noting

    class HttpPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = noting(connection.HTTPConnection)

    class HttpsPool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = noting(connection.HTTPSConnection)

    pools = {"http": HttpPool, "https": HttpsPool}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    return Adapter()
