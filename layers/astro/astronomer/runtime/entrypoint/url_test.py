from __future__ import annotations

import pytest
from astronomer.runtime.entrypoint.url import Address, parse
from astronomer.runtime.errors import ConfigurationError


@pytest.mark.parametrize(
    "url, host, port",
    [
        ("postgresql://postgres:postgres@postgres:5432", "postgres", 5432),
        ("postgresql+psycopg2://airflow@db/airflow", "db", None),
        ("postgresql://u:p#a/s?s@db:1/airflow", "db", 1),
        ("postgresql://u:p@ss@db/airflow", "db", None),
        ("postgresql://u:p@[::1]:5432/airflow?sslmode=disable", "::1", 5432),
        ("postgresql:///airflow?host=/var/run/postgresql", "", None),
        ("postgresql://db/airflow?application_name=a@b", "db", None),
        ("redis://:secret@redis:6379/0", "redis", 6379),
        ("amqp://guest:guest@mq//", "mq", None),
        ("redis://", "", None),
    ],
)
def test_host_and_port_are_found(url: str, host: str, port: int | None) -> None:
    parsed = parse(url, "X")

    assert (parsed.host, parsed.port) == (host, port)


@pytest.mark.parametrize(
    "url",
    ["", "postgres", "db:5432/airflow", "://db", "postgresql://u:hunter2@db:x/a", "redis://h:0"],
)
def test_what_is_no_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="^X ") as error:
        parse(url, "X")

    assert "hunter2" not in str(error.value)


def test_an_address_reads_as_in_a_url() -> None:
    assert str(Address("db", 5432)) == "db:5432"
    assert str(Address("::1", 5432)) == "[::1]:5432"
