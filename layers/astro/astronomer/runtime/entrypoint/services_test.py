from __future__ import annotations

import socket

import pytest
from astronomer.runtime.conftest import port_of
from astronomer.runtime.entrypoint.services import Service, broker_service, database_service
from astronomer.runtime.entrypoint.settings import Setting


def broker(url: str) -> Service | None:
    return broker_service(Setting("BROKER", url))


def database(url: str, has_connect_arguments: bool = False) -> Service | None:
    return database_service(Setting("CONN", url), has_connect_arguments)


@pytest.mark.parametrize(
    "url, place",
    [
        ("redis://:secret@redis/0", "redis:6379"),
        ("rediss://redis:6380/0", "redis:6380"),
        ("amqp://guest:guest@mq//", "mq:5672"),
        ("amqps://mq", "mq:5671"),
        ("pyamqp://mq", "mq:5672"),
        ("redis://", "localhost:6379"),
        ("amqp://u:p@a//;amqp://u:p@b:5673//", "a:5672 or b:5673"),
        ("amqp://a;b", "a:5672 or b:5672"),
    ],
)
def test_a_broker_is_known_by_host_and_port(url: str, place: str) -> None:
    service = broker(url)

    assert service is not None
    assert service.place == place


@pytest.mark.parametrize("url", ["sqs://", "redis+socket:///run/redis", "sqla+sqlite:///x.db"])
def test_other_transports_are_not_waited_for(url: str) -> None:
    assert broker(url) is None


@pytest.mark.parametrize(
    "url, place",
    [
        ("postgresql://u:p@db/airflow", "db:5432"),
        ("postgres://u:p@db:5433", "db:5433"),
        ("postgresql:///airflow?host=/var/run/postgresql", "/var/run/postgresql"),
        ("postgresql:///airflow?host=a:1&host=b:2", "a:1 or b:2"),
        ("mysql+mysqldb://u:p@db/airflow", "db:3306"),
        ("oracle://u:p@db:1521/airflow", "db:1521"),
    ],
)
def test_a_database_is_known_by_its_place(url: str, place: str) -> None:
    service = database(url)

    assert service is not None
    assert service.place == place


@pytest.mark.parametrize("url", ["sqlite:////tmp/airflow.db", "oracle://db/a", "mysql:///airflow"])
def test_a_database_without_a_place_is_not_waited_for(url: str) -> None:
    assert database(url) is None


def test_a_service_that_listens_is_ready(listener: socket.socket) -> None:
    service = broker(f"redis://127.0.0.1:{port_of(listener)}")

    assert service is not None
    assert service.probe() is None


def test_a_service_that_does_not_listen_says_why(free_port: int) -> None:
    service = broker(f"redis://127.0.0.1:{free_port}")

    assert service is not None
    assert service.probe() == "connection refused"


def test_one_alternative_that_listens_is_enough(listener: socket.socket, free_port: int) -> None:
    service = broker(f"amqp://127.0.0.1:{free_port};amqp://127.0.0.1:{port_of(listener)}")

    assert service is not None
    assert service.probe() is None


def test_an_unknown_host_is_a_reason() -> None:
    service = broker("redis://no-such-host.invalid")

    assert service is not None
    assert service.probe() == "the name of the host is not known"


def test_postgres_with_arguments_that_only_airflow_knows_is_ready_when_it_listens(
    listener: socket.socket,
) -> None:
    service = database(f"postgresql://u:p@127.0.0.1:{port_of(listener)}/airflow", True)

    assert service is not None
    assert service.probe() is None
