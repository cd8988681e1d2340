from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from astronomer.runtime.conftest import migrated_database, port_of
from astronomer.runtime.entrypoint.conftest import Entrypoint

BROKER = "AIRFLOW__CELERY__BROKER_URL"
CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
CELERY = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}
AT_ONCE = {"ASTRONOMER_RUNTIME_WAIT_TIMEOUT": "0.1"}


@pytest.fixture
def code_for_everyone() -> Iterator[Path]:
    """The package in a folder that every user can read, which test folders are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copytree(Path(__file__).parents[1], Path(folder, "astronomer", "runtime"))
        yield Path(folder)


def test_a_bare_command_runs_airflow_with_the_connection_under_both_names(
    entrypoint: Entrypoint,
) -> None:
    result = entrypoint.run("webserver", "-p", "80", AIRFLOW__CORE__SQL_ALCHEMY_CONN="sqlite://")

    assert result.stdout == "airflow webserver -p 80\nnew=sqlite://\nold=sqlite://\n"
    assert result.returncode == 0
    assert "revision" not in result.stderr


def test_another_program_is_executed_with_its_own_exit_code(entrypoint: Entrypoint) -> None:
    result = entrypoint.run("bash", "-c", "echo $0 $1; exit 3", "a", "b c")

    assert (result.returncode, result.stdout) == (3, "a b c\n")


def test_the_command_has_the_entrypoint_s_process_id(entrypoint: Entrypoint) -> None:
    process = entrypoint.start("sh", "-c", "echo $$")

    assert process.communicate()[0] == f"{process.pid}\n"


def test_signals_reach_the_command_as_they_would_without_the_entrypoint(
    entrypoint: Entrypoint,
) -> None:
    ignored = entrypoint.run("grep", "SigIgn", "/proc/self/status").stdout
    direct = subprocess.run(
        ["grep", "SigIgn", "/proc/self/status"], capture_output=True, text=True, check=True
    )

    assert ignored == direct.stdout


def test_a_missing_program_is_named(entrypoint: Entrypoint) -> None:
    result = entrypoint.run("no-such-program")

    assert result.returncode == 127
    assert result.stderr == (
        "astronomer-runtime: 'no-such-program' is neither a command of Airflow "
        "nor a program in this image.\n"
    )


def test_a_program_that_cannot_be_executed_is_named(entrypoint: Entrypoint) -> None:
    entrypoint.install("broken", "not a program")

    result = entrypoint.run("broken")

    assert result.returncode == 126
    assert "'broken' cannot be run: Exec format error." in result.stderr


def test_files_stay_writable_for_the_group(entrypoint: Entrypoint) -> None:
    assert entrypoint.run("sh", "-c", "umask").stdout == "0002\n"


def test_a_database_that_does_not_come_up_ends_the_start(
    entrypoint: Entrypoint, free_port: int
) -> None:
    url = f"postgresql://joe:hunter2@127.0.0.1:{free_port}/airflow"

    result = entrypoint.run("airflow", "db", "upgrade", **{CONNECTION: url}, **AT_ONCE)

    assert (result.returncode, result.stdout) == (75, "")
    last = result.stderr.splitlines()[-1]
    assert f"waiting for the database at 127.0.0.1:{free_port}: connection refused" in last
    assert CONNECTION in last
    assert "joe" not in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("line", ["airflow celery worker", "celery worker", "scheduler"])
def test_a_worker_and_the_scheduler_wait_for_the_broker(
    entrypoint: Entrypoint, free_port: int, line: str
) -> None:
    broker = {BROKER: f"redis://127.0.0.1:{free_port}/0"}

    result = entrypoint.run(*line.split(), **broker, **CELERY, **AT_ONCE)

    assert result.returncode == 75
    assert f"waiting for the broker at 127.0.0.1:{free_port}" in result.stderr


def test_a_shell_that_starts_the_scheduler_waits_too(
    entrypoint: Entrypoint, free_port: int
) -> None:
    broker = {BROKER + "_CMD": f"echo amqp://127.0.0.1:{free_port}//"}
    script = "(airflow db upgrade || airflow upgradedb) && airflow scheduler"

    result = entrypoint.run("bash", "-c", script, **broker, **CELERY, **AT_ONCE)

    assert result.returncode == 75
    assert BROKER + "_CMD" in result.stderr


def test_a_broker_that_listens_lets_the_worker_start(
    entrypoint: Entrypoint, listener: socket.socket
) -> None:
    broker = {BROKER: f"redis://127.0.0.1:{port_of(listener)}"}

    result = entrypoint.run("celery", "worker", **broker, **CELERY)

    assert result.stdout.startswith("airflow celery worker\n")


@pytest.mark.parametrize("line", ["airflow version", "bash -c true", "scheduler --help"])
def test_what_needs_no_database_does_not_wait(
    entrypoint: Entrypoint, free_port: int, line: str
) -> None:
    url = f"postgresql://u:p@127.0.0.1:{free_port}/airflow"

    assert entrypoint.run(*line.split(), **{CONNECTION: url}, **AT_ONCE).returncode == 0


def test_a_wait_can_be_switched_off(entrypoint: Entrypoint, free_port: int) -> None:
    broker = {BROKER: f"redis://127.0.0.1:{free_port}"}

    result = entrypoint.run("scheduler", ASTRONOMER_RUNTIME_WAIT_TIMEOUT="0", **broker, **CELERY)

    assert result.returncode == 0


def test_a_wrong_url_is_refused_before_waiting(entrypoint: Entrypoint) -> None:
    result = entrypoint.run("scheduler", **{BROKER: "redis://:hunter2@redis:port"}, **CELERY)

    assert result.returncode == 78
    assert result.stderr.startswith(f"astronomer-runtime: {BROKER} has a port")
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_at_once(
    entrypoint: Entrypoint, listener: socket.socket, number: signal.Signals
) -> None:
    # The first connection tries the port. In the second, Postgres' client blocks in C, since the
    # listener never answers.
    url = f"postgresql://u:p@127.0.0.1:{port_of(listener)}/airflow"
    process = entrypoint.start("scheduler", **{CONNECTION: url})
    listener.accept()
    listener.accept()

    process.send_signal(number)

    assert process.wait(timeout=60) == 128 + number
    assert "Traceback" not in process.communicate()[1]


@pytest.mark.parametrize("line", ["scheduler", "airflow db upgrade", "bash -c airflow\tscheduler"])
def test_a_database_of_a_newer_airflow_is_left_alone(
    entrypoint: Entrypoint, tmp_path: Path, line: str
) -> None:
    entrypoint.install_migrations("f5fcbda3e651")
    url = migrated_database(tmp_path / "airflow.db", "ecb43d2a1842")

    result = entrypoint.run(*line.split(" "), **{CONNECTION: url})

    assert (result.returncode, result.stdout) == (78, "")
    assert "database revision ecb43d2a1842 is not known" in result.stderr


def test_a_database_of_this_airflow_is_used(entrypoint: Entrypoint, tmp_path: Path) -> None:
    entrypoint.install_migrations("f5fcbda3e651")
    url = migrated_database(tmp_path / "airflow.db", "f5fcbda3e651")

    result = entrypoint.run("scheduler", **{CONNECTION: url})

    assert result.returncode == 0
    assert "revision" not in result.stderr


def test_a_database_that_cannot_be_asked_is_left_to_airflow(
    entrypoint: Entrypoint, tmp_path: Path
) -> None:
    entrypoint.install_migrations("f5fcbda3e651")
    (tmp_path / "airflow.db").write_text("this is not a database" * 100)

    result = entrypoint.run("scheduler", **{CONNECTION: f"sqlite:///{tmp_path}/airflow.db"})

    assert result.returncode == 0
    assert "cannot read the revision" in result.stderr


def test_a_start_that_asks_nothing_loads_nothing_to_ask_with(entrypoint: Entrypoint) -> None:
    result = entrypoint.run("airflow", "version", PYTHONPROFILEIMPORTTIME="1")

    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "astronomer.runtime.entrypoint.main" in imported
    assert not imported & {"airflow", "sqlalchemy", "socket", "subprocess", "urllib.parse"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process as another user")
def test_any_user_of_group_0_gets_a_name_and_a_home(code_for_everyone: Path) -> None:
    environ = {"PYTHONPATH": str(code_for_everyone), "AIRFLOW_HOME": "/tmp", "HOME": "/"}
    code = "import getpass, os; print(getpass.getuser(), os.access(os.environ['HOME'], os.W_OK))"
    start = "import sys; from astronomer.runtime.entrypoint.main import main; sys.exit(main())"

    result = subprocess.run(
        ["/usr/bin/python3", "-c", start, "/usr/bin/python3", "-c", code],
        env=environ,
        user=1234567,
        group=0,
        extra_groups=[],
        capture_output=True,
        text=True,
    )

    assert result.stdout == "astro True\n", result.stderr


def test_a_component_gets_what_its_container_calls_for(entrypoint: Entrypoint) -> None:
    entrypoint.install("airflow", "#!/bin/sh\necho workers=$AIRFLOW__WEBSERVER__WORKERS\n")
    finished = entrypoint.run("webserver")
    assert "workers=" in finished.stdout and "workers=\n" not in finished.stdout
    assert "`astronomer-runtime config` says why" in finished.stderr


def test_what_the_operator_set_is_kept(entrypoint: Entrypoint) -> None:
    entrypoint.install("airflow", "#!/bin/sh\necho workers=$AIRFLOW__WEBSERVER__WORKERS\n")
    finished = entrypoint.run("webserver", AIRFLOW__WEBSERVER__WORKERS="11")
    assert finished.stdout == "workers=11\n"


def test_other_commands_get_nothing(entrypoint: Entrypoint) -> None:
    entrypoint.install("airflow", "#!/bin/sh\nenv\n")
    finished = entrypoint.run("airflow", "version")
    assert "WORKERS" not in finished.stdout and finished.stderr == ""


def test_on_the_platform_the_api_asks_our_backend(entrypoint: Entrypoint) -> None:
    entrypoint.install("airflow", "#!/bin/sh\necho $AIRFLOW__API__AUTH_BACKENDS\n")
    key = {"AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT": "/tls.crt"}
    chosen = {"AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default"}
    assert "astronomer.runtime.security" in entrypoint.run("webserver", **key, **chosen).stdout
    assert entrypoint.run("webserver", **chosen).stdout == f"{chosen.popitem()[1]}\n"
