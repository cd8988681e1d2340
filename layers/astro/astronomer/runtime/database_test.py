from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

# SQLAlchemy loads it by name.
import psycopg2  # type: ignore[import]  # noqa: F401
import pytest
from astronomer.runtime.conftest import migrated_database, port_of
from astronomer.runtime.database import WrongOption, refusal, revisions

_START_UP = 196608
"""The code of a start-up packet: version 3.0 of the protocol."""


def refuse_one_client(server: socket.socket, message: str) -> None:
    """Answer as Postgres does to a client that it lets in no further than the start-up packet."""
    with server.accept()[0] as client:
        while struct.unpack("!II", client.recv(8, socket.MSG_WAITALL))[1] != _START_UP:
            client.sendall(b"N")
        fields = b"SFATAL\0" + b"C57P03\0" + b"M" + message.encode() + b"\0\0"
        client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)


@pytest.mark.parametrize(
    "message, reason",
    [
        ("the database system is starting up", "it is not ready yet"),
        ('password authentication failed for user "hunter2"', "it refuses the login"),
        ('role "hunter2" does not exist', "it refuses the login"),
        ('database "hunter2" does not exist', "it has no database of the name in the URL"),
        ("sorry, too many clients already", "all its connections are in use"),
        ("something about hunter2", "it does not accept the connection"),
    ],
)
def test_postgres_is_ready_only_when_it_lets_clients_in(
    listener: socket.socket, message: str, reason: str
) -> None:
    threading.Thread(target=refuse_one_client, args=(listener, message), daemon=True).start()

    assert refusal(f"postgresql://u:p@127.0.0.1:{port_of(listener)}/db", 5) == reason


def test_postgres_under_its_former_scheme_is_asked_too(free_port: int) -> None:
    assert refusal(f"postgres://u:p@127.0.0.1:{free_port}/db", 5) == "connection refused"


def test_an_unknown_host_is_a_reason() -> None:
    url = "postgresql://u:p@no-such-host.invalid/db"

    assert refusal(url, 5) == "the name of the host is not known"


def test_a_driver_that_is_not_here_is_left_to_airflow() -> None:
    assert refusal("postgresql+nodriver://u:p@db/x", 5) is None


def test_an_option_that_the_driver_does_not_know_is_wrong() -> None:
    with pytest.raises(WrongOption, match="none named `no_such`"):
        refusal("postgresql://u:p@db/x?no_such=1", 5)


@pytest.mark.parametrize(
    "form", ["127.0.0.1,127.0.0.1/db", "127.0.0.9/db?host=127.0.0.1,127.0.0.1&"]
)
def test_all_hosts_are_tried_as_the_driver_does(
    listener: socket.socket, free_port: int, form: str
) -> None:
    message = "the database system is starting up"
    threading.Thread(target=refuse_one_client, args=(listener, message), daemon=True).start()
    ports = f"port={free_port},{port_of(listener)}"
    separator = "" if form.endswith("&") else "?"

    reason = refusal(f"postgresql://u:p@{form}{separator}{ports}", 5)

    assert reason == "connection refused, it is not ready yet"


def test_a_server_that_never_answers_is_given_up(listener: socket.socket) -> None:
    url = f"postgresql://u:p@127.0.0.1:{port_of(listener)}/db"

    # The least bound that libpq has.
    assert refusal(url, 2) == "no answer"
    assert refusal(f"{url}?connect_timeout=2", 600) == "no answer"


def test_revisions_are_read(tmp_path: Path) -> None:
    url = migrated_database(tmp_path / "airflow.db", "f5fcbda3e651")

    assert revisions(url, 5) == ("f5fcbda3e651",)


def test_a_new_database_has_no_revisions(tmp_path: Path) -> None:
    assert revisions(f"sqlite:///{tmp_path}/airflow.db", 5) == ()
