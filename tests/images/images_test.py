"""The images stand in for `postgres:13` and `redis:6` of Docker Hub."""

from __future__ import annotations

from typing import Any, List

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.postgres import PASSWORD, Postgres

DATA = "/var/lib/postgresql/data"
SCRIPTS = "/docker-entrypoint-initdb.d"
_START_SECONDS = 60


def ready(server: Container, *options: str) -> Container:
    """The server, once its client's own check says that it serves, as compose files ask it."""
    wait_for(
        "Postgres to serve",
        lambda: server.exec(["pg_isready", *options]).exit_code == 0,
        _START_SECONDS,
        server.logs,
    )
    return server


def asked(server: Container, sql: str, *options: str, password: str = "") -> str:
    answer = server.exec(
        ["psql", "--no-align", "--tuples-only", *options, f"--command={sql}"],
        environment={"PGPASSWORD": password},
    )
    return answer.output.strip()


def with_scripts(engine: Engine, image: str, **scripts: str) -> Any:
    """Mounts scripts, by names whose `_` stands for a dot."""
    files = {name.replace("_", "."): content for name, content in scripts.items()}
    return {engine.volume(image, SCRIPTS, files): {"bind": SCRIPTS, "mode": "ro"}}


def test_postgres_13_serves_as_an_ordinary_user(engine: Engine, postgres: Postgres) -> None:
    assert postgres.query("SHOW server_version").startswith("13.")
    assert postgres.query("SELECT pg_is_in_recovery()") == "f"


def test_a_compose_file_s_postgres_is_ready_where_clients_look_and_keeps_what_it_has(
    engine: Engine, postgres_image: str
) -> None:
    volumes = with_scripts(
        engine,
        postgres_image,
        a_sql="CREATE TABLE seen (by text)",
        b_sh='"${psql[@]}" --command="INSERT INTO seen VALUES (\'sourced\')"\n'
        "echo work_mem = 5MB >> $PGDATA/postgresql.conf",
        c_csv="other files are left alone",
    )
    with engine.start(
        postgres_image,
        ["-c", "max_connections=77"],
        environment={
            "POSTGRES_USER": "airflow",
            "POSTGRES_PASSWORD": PASSWORD,
            "POSTGRES_INITDB_ARGS": "--data-checksums",
        },
        volumes=volumes,
    ) as server:
        ready(server, "-U", "airflow")
        settings = "concat_ws(',', current_setting('max_connections'), current_setting('work_mem'))"
        ask = f"SELECT current_database(), by, {settings} FROM seen"
        assert asked(server, ask, "--username=airflow") == "airflow|sourced|77,5MB"
        # Over TCP it asks for the password, even where the client shares its network.
        tcp = ["--username=airflow", "--host=127.0.0.1"]
        assert "password authentication failed" in asked(server, ask, *tcp, password="wrong")
        assert asked(server, "SHOW data_checksums", *tcp, password=PASSWORD) == "on"
        assert server.exec(["id", "-u"]).stdout == "999\n"

        sleeper = ["psql", *tcp, "--command=SELECT pg_sleep(600)"]
        password = {"PGPASSWORD": PASSWORD}
        engine.start(postgres_image, sleeper, network=server.network, environment=password)
        clients = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'"
        wait_for(
            "a client", lambda: asked(server, clients, "--username=airflow") == "1", _START_SECONDS
        )
        # With a client that stays.
        assert server.stop(seconds=10).exit_code == 0
        server.restart()
        ready(server, "-U", "airflow")
        assert asked(server, "SELECT by FROM seen", "--username=airflow") == "sourced"


def test_a_first_start_that_is_cut_short_is_not_ready_and_is_done_anew(
    engine: Engine, postgres_image: str
) -> None:
    kept = {engine.volume(postgres_image, DATA, {}): {"bind": DATA, "mode": "rw"}}
    trust = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    waits = "touch /tmp/half-way; sleep 300"
    scripts = with_scripts(engine, postgres_image, a_sql="CREATE TABLE half ()", b_sh=waits)
    with engine.start(postgres_image, environment=trust, volumes={**kept, **scripts}) as server:
        wait_for(
            "the script to run",
            lambda: server.exec(["test", "-e", "/tmp/half-way"]).exit_code == 0,
            _START_SECONDS,
            server.logs,
        )
        assert server.exec(["pg_isready"]).exit_code != 0
        # Not 137: it ends when it is told to.
        assert server.stop(seconds=10).exit_code == 130

    with engine.start(postgres_image, environment=trust, volumes=kept) as server:
        ready(server)
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert asked(server, tables) == "0"


@pytest.mark.parametrize(
    "environment, sentence",
    [
        ({}, "POSTGRES_PASSWORD is missing"),
        (
            {"POSTGRES_PASSWORD": "x", "POSTGRES_PASSWORD_FILE": "/x"},
            "POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set",
        ),
        ({"POSTGRES_PASSWORD_FILE": "/absent"}, "POSTGRES_PASSWORD_FILE names /absent"),
        ({"POSTGRES_PASSWORD": "x", "PGDATA": "/etc"}, "/etc belongs to user 0"),
        ({"POSTGRES_PASSWORD": "x", "PGDATA": "/var/lib/postgresql"}, "files and no cluster"),
    ],
)
def test_postgres_refuses_by_one_sentence(
    engine: Engine, postgres_image: str, environment: "dict[str, str]", sentence: str
) -> None:
    refused = engine.run(postgres_image, environment=environment)

    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert len(refused.output.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"user": "root", "tmpfs": {DATA: "mode=0755,uid=0"}},
        {"read_only": True, "tmpfs": {DATA: "", "/tmp": "", "/run/postgresql": "mode=1777"}},
    ],
    ids=["a folder of root's, started as root", "a tmpfs that all may write"],
)
def test_postgres_makes_its_cluster_in_a_folder_of_another_user(
    engine: Engine, postgres_image: str, options: Any
) -> None:
    trust = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    with engine.start(postgres_image, environment=trust, **options) as server:
        ready(server)
        assert asked(server, "SELECT 1", "--username=postgres", "--host=127.0.0.1") == "1"
        assert "postgres" in server.exec(["stat", "--format=%U", "/proc/1"]).stdout


@pytest.mark.parametrize("image", ["postgres_image", "redis_image"])
def test_another_program_runs_as_it_is(engine: Engine, image: str, request: Any) -> None:
    name: str = request.getfixturevalue(image)
    assert engine.run(name, ["bash", "-c", "echo $0 $1", "a", "b"]).checked().stdout == "a b\n"
    server = "postgres" if image == "postgres_image" else "redis-server"
    assert server in engine.run(name, [server, "--version"]).checked().stdout.lower().replace(
        "redis server", "redis-server"
    )


@pytest.mark.parametrize(
    "argv, kept",
    [
        ([], "value\n"),
        (["--requirepass", PASSWORD, "--appendonly", "yes"], "value\n"),
        (["redis-server", "--requirepass", PASSWORD, "--save", ""], "\n"),
        (["/tmp/redis.conf", "--maxmemory", "64mb"], "value\n"),
    ],
    ids=["no arguments", "options", "the server and options", "a file and an option"],
)
def test_redis_serves_as_a_compose_file_tells_it_to(
    engine: Engine, redis_image: str, argv: List[str], kept: str
) -> None:
    files = {"/tmp/redis.conf": f"requirepass {PASSWORD}\nsave 60 1\n"}
    with engine.start(redis_image, argv, files=files) as redis:

        def cli(*words: str, password: str = PASSWORD if argv else "") -> str:
            return redis.exec(
                ["redis-cli", *words], environment={"REDISCLI_AUTH": password} if password else {}
            ).stdout

        wait_for("Redis to serve", lambda: cli("ping") == "PONG\n", _START_SECONDS, redis.logs)
        assert cli("config", "get", "protected-mode").split() == ["protected-mode", "no"]
        assert cli("config", "get", "dir").split() == ["dir", "/data"]
        assert (cli("ping", password="wrong") == "PONG\n") == (not argv)
        assert cli("set", "key", "value") == "OK\n"
        assert redis.exec(["id", "-u"]).stdout == "999\n"
        assert redis.stop(seconds=10).exit_code == 0
        redis.restart()
        wait_for("Redis to serve", lambda: cli("ping") == "PONG\n", _START_SECONDS, redis.logs)
        assert cli("get", "key") == kept
