from __future__ import annotations

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.postgres import PASSWORD, Postgres


def test_postgres_13_serves_as_an_ordinary_user(engine: Engine, postgres: Postgres) -> None:
    assert postgres.query("SHOW server_version").startswith("13.")
    assert postgres.query("SELECT pg_is_in_recovery()") == "f"


def test_postgres_asks_for_the_password(engine: Engine, postgres_image: str) -> None:
    server = engine.start(postgres_image, environment={"POSTGRES_PASSWORD": PASSWORD})
    wait_for(
        "Postgres to serve",
        lambda: server.exec(["pg_isready", "--host=127.0.0.1", "--quiet"]).exit_code == 0,
        60,
        server.logs,
    )

    refused = server.exec(
        ["psql", "--host=127.0.0.1", "--username=postgres", "--command=SELECT 1"],
        environment={"PGPASSWORD": "wrong"},
    )

    assert "password authentication failed" in refused.stderr
    assert server.exec(["id", "-u"]).stdout != "0\n"


def test_redis_serves_as_an_ordinary_user(engine: Engine, redis_image: str) -> None:
    redis = engine.start(redis_image)
    wait_for(
        "Redis to serve",
        lambda: redis.exec(["redis-cli", "ping"]).stdout == "PONG\n",
        60,
        redis.logs,
    )

    assert redis.exec(["id", "-u"]).stdout != "0\n"
