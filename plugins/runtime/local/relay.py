"""Passes connections on, from one address to another: `tcp:HOST:PORT` or `unix:PATH`.

usage: relay.py LISTEN CONNECT

It joins a port of this machine to one in a container, by a socket in a folder that both see, so
that neither a network of the engine nor a rule of a firewall is needed. It needs Python alone.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

_CHUNK = 1 << 16


def _parts(address: str) -> "tuple[socket.AddressFamily, str | tuple[str, int]]":
    kind, _, where = address.partition(":")
    if kind == "unix":
        return socket.AF_UNIX, where
    host, _, port = where.rpartition(":")
    return socket.AF_INET, (host, int(port))


def listen(address: str) -> socket.socket:
    """A socket that listens there.

    Raises:
        OSError: the address is taken, or cannot be.
    """
    family, where = _parts(address)
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A port whose last connections are still closing is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(where)
    listener.listen(64)
    return listener


def serve(listener: socket.socket, address: str) -> None:
    """Pass on whatever connects, for good; a connection ends when nothing listens at `address`."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_join, args=(client, address), daemon=True).start()


def _join(client: socket.socket, address: str) -> None:
    family, where = _parts(address)
    with client, socket.socket(family, socket.SOCK_STREAM) as server:
        try:
            server.connect(where)
        except OSError:
            return
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        for chunk in iter(lambda: source.recv(_CHUNK), b""):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # The other side hung up; so shall this one.
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


if __name__ == "__main__":
    # Whoever runs the containers connects to a socket that their user makes.
    os.umask(0)
    serve(listen(sys.argv[1]), sys.argv[2])
