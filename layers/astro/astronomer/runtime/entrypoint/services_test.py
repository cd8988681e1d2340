from __future__ import annotations

import socket
from pathlib import Path
from typing import Dict, Mapping

# SQLAlchemy loads it by name.
import psycopg2  # type: ignore[import]  # noqa: F401
import pytest
from astronomer.runtime.conftest import port_of
from astronomer.runtime.entrypoint.services import (
    ANSWER_SECONDS,
    Service,
    broker_service,
    database_service,
)
from astronomer.runtime.entrypoint.settings import Setting
from astronomer.runtime.errors import ConfigurationError


def broker(url: str) -> Service | None:
    return broker_service(Setting("BROKER", url))


def database(
    url: str, has_connect_arguments: bool = False, environ: Mapping[str, str] = {}
) -> Service | None:
    return database_service(Setting("CONN", url), has_connect_arguments, environ)


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
        ("postgresql+psycopg2://u:p@[::1]:5433/airflow", "[::1]:5433"),
        ("postgresql+psycopg2://u:p@a,b/airflow", "a:5432 or b:5432"),
        ("postgresql+psycopg2://u:p@a,b:5433/airflow", "a:5433 or b:5433"),
        ("postgresql://u:p@a/airflow?host=b", "b:5432"),
        ("postgresql://u:p@a/airflow?host=b,c&port=1,2", "b:1 or c:2"),
        ("postgresql://u:p@a:5433/airflow?port=5434", "a:5434"),
        ("postgresql://u:p@/airflow?host=b&host=c", "b:5432 or c:5432"),
        ("postgresql:///airflow?host=/run/postgresql", "/run/postgresql/.s.PGSQL.5432"),
        ("postgresql:///airflow?host=/run/a&port=1", "/run/a/.s.PGSQL.1"),
        ("postgresql:///airflow?hostaddr=127.0.0.9", "127.0.0.9:5432"),
        ("postgresql:///airflow?service=main", "service 'main'"),
        ("postgresql:///airflow", "the default host of its driver"),
        ("postgresql://", "the default host of its driver"),
        ("mysql+mysqldb://u:p@db/airflow", "db:3306"),
        ("mysql+pymysql://u:p@a:1/airflow?host=b&port=2", "b:2"),
        ("mysql+pymysql://u:p@localhost/airflow?unix_socket=/run/my.sock", "/run/my.sock"),
        ("mysql://u:p@/airflow?unix_socket=/run/my.sock", "/run/my.sock"),
        ("mysql://u:p@db/airflow?unix_socket=/run/my.sock", "db:3306"),
        ("mssql+pyodbc://u:p@db/airflow?driver=ODBC+Driver+17+for+SQL+Server", "db:1433"),
        (
            "mssql+pyodbc:///?odbc_connect=Driver%3DX%3BServer%3Dtcp%3Adb%2C1434%3BUid%3Du",
            "db:1434",
        ),
        ("mssql+pyodbc://a/b?odbc_connect=SERVER%3Ddb%3BDATABASE%3Dx", "db:1433"),
        ("oracle://u:p@db:1521/airflow", "db:1521"),
    ],
)
def test_a_database_is_known_by_its_place(url: str, place: str) -> None:
    service = database(url)

    assert service is not None
    assert service.place == place


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////tmp/airflow.db",
        "sqlite://",
        "oracle://db/a",
        "mysql:///airflow",
        "mysql://u:p@localhost/airflow?read_default_file=/etc/my.cnf",
        "mssql+pyodbc://u:p@name-in-odbc-ini",
        "mssql+pyodbc:///?odbc_connect=DSN%3Dname-in-odbc-ini",
        "mssql+pyodbc:///?odbc_connect=Server%3Ddb%5Cinstance",
        "postgresql+nodriver://u:p@db/x",
        "nodialect://u:p@db/x",
    ],
)
def test_a_database_without_a_place_is_not_waited_for(url: str) -> None:
    assert database(url) is None


@pytest.mark.parametrize(
    "environ, place",
    [
        ({"PGHOST": "a,b", "PGPORT": "1"}, "a:1 or b:1"),
        ({"PGHOST": "/run/postgresql"}, "/run/postgresql/.s.PGSQL.5432"),
        ({"PGSERVICE": "main"}, "service 'main'"),
    ],
)
def test_the_driver_s_own_variables_name_a_place_too(environ: Dict[str, str], place: str) -> None:
    service = database("postgresql:///airflow", environ=environ)

    assert service is not None
    assert service.place == place


@pytest.mark.parametrize(
    "url, fault",
    [
        ("", "is not a URL"),
        ("postgres", "is not a URL"),
        ("db:5432/airflow", "is not a URL"),
        ("://db", "is not a URL"),
        ("postgresql://u:hunter2@db:x/a", "has a port that is not a number"),
        ("postgresql://u:hunter2@db:99999/a", "has a port that is not a number"),
        ("postgresql://u:hunter2@a:1,b:2/a", "has a port that is not a number"),
        ("postgresql://u:hunter2@a/a?port=1,x", "has a port that is not a number"),
        ("mysql://u:hunter2@a/a?port=x", "has a port that is not a number"),
    ],
)
def test_what_is_no_url_of_a_database_is_refused_without_showing_it(url: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^CONN {fault}") as error:
        database(url)

    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        "no_such=1",
        "connect_timeout=soon",
        "sslmode=sometimes",
        "target_session_attrs=fast",
        "service=no-such-service",
        "host=a&host=b&port=1&port=2&port=3",
    ],
)
def test_an_option_that_the_driver_refuses_ends_the_wait(options: str) -> None:
    service = database(f"postgresql://u:hunter2@127.0.0.1/a?{options}")

    assert service is not None
    with pytest.raises(ConfigurationError, match="^CONN has an option") as error:
        service.probe()
    assert "hunter2" not in str(error.value)


def test_a_slow_host_has_the_time_that_its_url_gives_it() -> None:
    slow = database("postgresql://u:p@a,b/airflow?connect_timeout=30")
    quick = database("postgresql://u:p@a/airflow?connect_timeout=1")

    assert slow is not None and slow.seconds >= 60
    assert quick is not None and quick.seconds >= ANSWER_SECONDS


def test_a_database_at_a_socket_of_this_machine_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "my.sock"
    service = database(f"mysql+pymysql://u:p@localhost/airflow?unix_socket={path}")

    assert service is not None
    assert service.probe() == "nothing listens on its local socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert service.probe() is None


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
