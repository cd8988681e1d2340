from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Dict

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

    # Long enough for one try on a busy machine, as the driver is loaded for it.
    soon = {"ASTRONOMER_RUNTIME_WAIT_TIMEOUT": "8"}

    result = entrypoint.run("airflow", "db", "upgrade", **{CONNECTION: url}, **soon)

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
    # Postgres' client blocks in C, since the listener never answers.
    url = f"postgresql://u:p@127.0.0.1:{port_of(listener)}/airflow"
    process = entrypoint.start("scheduler", **{CONNECTION: url})
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
    assert "ecb43d2a1842 (new in Airflow 2.4.0) is not known" in result.stderr


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


BACKENDS = "AIRFLOW__API__AUTH_BACKENDS"
KEY = "AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT"
URL = "AIRFLOW__ASTRONOMER__HOUSTON_JWK_URL"
OF_TOKENS = {
    "AIRFLOW__ASTRONOMER__JWT_ISSUER": "issuer",
    "AIRFLOW__ASTRONOMER__JWT_AUDIENCE": "audience",
}
PLATFORM = {URL: "https://platform.test/jwks", **OF_TOKENS}


@pytest.mark.parametrize("line", ["webserver", "airflow version", "bash -c airflow\twebserver"])
def test_on_the_platform_the_api_asks_our_backend(entrypoint: Entrypoint, line: str) -> None:
    entrypoint.install("airflow", f"#!/bin/sh\necho ${BACKENDS}\n")
    chosen = {BACKENDS: "airflow.api.auth.backend.default"}

    with_key = entrypoint.run(*line.split(" "), **PLATFORM, **chosen)

    assert with_key.stdout.startswith("astronomer.runtime.security.api_auth,"), with_key.stderr
    assert entrypoint.run(*line.split(" "), **chosen).stdout == f"{chosen[BACKENDS]}\n"


def test_a_key_in_airflow_cfg_makes_it_a_platform_too(entrypoint: Entrypoint) -> None:
    entrypoint.install("airflow", f"#!/bin/sh\necho ${BACKENDS}\n")
    lines = ["[astronomer]", "houston_jwk_url = https://$HOST_NAME/a%%20b", "jwt_issuer = a"]
    (entrypoint.home / "airflow.cfg").write_text("\n".join([*lines, "jwt_audience = b"]))

    # A variable that is empty hides nothing.
    result = entrypoint.run("webserver", HOST_NAME="platform.test", **{URL: ""})

    assert result.stdout.startswith("astronomer.runtime.security.api_auth,"), result.stderr


WRONG_PLATFORMS = [
    ({KEY: "/no/such/file"}, "JWT_ISSUER is not set"),
    ({KEY: "/no/such/file", **OF_TOKENS}, "JWT_SIGNING_CERT is '/no/such/file', which cannot"),
    ({KEY: "/", **OF_TOKENS}, "it is not a file"),
    ({KEY: "/etc/passwd", **OF_TOKENS}, "it is not a PEM certificate or public key"),
    ({**PLATFORM, KEY: "/no/such/file"}, "are both set"),
    ({**PLATFORM, URL: "platform.test"}, "HOUSTON_JWK_URL is not a web address"),
    ({**PLATFORM, "AIRFLOW__ASTRONOMER__JWT_STALE_KEYS": "-5"}, "JWT_STALE_KEYS is '-5'"),
    ({KEY + "_CMD": "cat /tls.crt", **OF_TOKENS}, "JWT_SIGNING_CERT_CMD is set"),
    ({URL + "_SECRET": "jwks", **OF_TOKENS}, "HOUSTON_JWK_URL_SECRET is set"),
]


@pytest.mark.parametrize("environ, sentence", WRONG_PLATFORMS)
def test_a_webserver_whose_login_could_not_work_is_refused(
    entrypoint: Entrypoint, environ: Dict[str, str], sentence: str
) -> None:
    result = entrypoint.run("standalone" if URL in environ else "webserver", **environ)

    assert (result.returncode, result.stdout) == (78, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_shell_may_make_the_key_s_file_before_it_starts_the_webserver(
    entrypoint: Entrypoint,
) -> None:
    platform = {KEY: "/no/such/file", **OF_TOKENS}

    assert entrypoint.run("bash", "-c", "true; airflow webserver", **platform).returncode == 0
    assert entrypoint.run("bash", "-c", "exec airflow webserver", **platform).returncode == 78
    # Its options are as they are.
    assert entrypoint.run("bash", "-c", "true; airflow webserver", **{KEY: "x"}).returncode == 78


@pytest.mark.parametrize("line", ["scheduler", "airflow version", "sh -c true"])
def test_what_serves_nobody_starts_with_a_wrong_platform_too(
    entrypoint: Entrypoint, line: str
) -> None:
    assert entrypoint.run(*line.split(), **{KEY: "/no/such/file"}).returncode == 0


@pytest.fixture
def of_airflow_3(entrypoint: Entrypoint) -> Entrypoint:
    """With what the image of Airflow 3 holds of this package."""
    package = Path(__file__).parents[1]
    left_out = shutil.ignore_patterns(
        "audit", "fixes", "high_availability", "lineage", "logging", "monitoring", "security"
    )
    shutil.copytree(package, entrypoint.packages / "astronomer" / "runtime", ignore=left_out)
    return entrypoint


SPELLINGS = [{name + form: "x"} for name in (KEY, URL) for form in ("", "_CMD", "_SECRET")]


@pytest.mark.parametrize("environ", SPELLINGS)
def test_airflow_3_does_not_serve_without_the_platform_s_login(
    of_airflow_3: Entrypoint, environ: Dict[str, str]
) -> None:
    result = of_airflow_3.run("api-server", **environ)

    assert (result.returncode, result.stdout) == (78, "")
    [sentence] = result.stderr.splitlines()
    assert f"{next(iter(environ))} is set, and this image has no login of the platform" in sentence


@pytest.mark.parametrize(
    "line", ["standalone", "webserver", "airflow api-server -p 80", "bash -c airflow\tapi-server"]
)
def test_whatever_starts_the_server_of_airflow_3_is_refused(
    of_airflow_3: Entrypoint, line: str
) -> None:
    (of_airflow_3.home / "airflow.cfg").write_text("[astronomer]\njwt_signing_cert=/tls.crt\n")

    result = of_airflow_3.run(*line.split(" "))

    assert result.returncode == 78
    assert f"{KEY} is set" in result.stderr


@pytest.mark.parametrize("line", ["scheduler", "airflow version"])
def test_on_airflow_3_nothing_is_set_that_the_image_lacks(
    of_airflow_3: Entrypoint, line: str
) -> None:
    of_airflow_3.install("airflow", "#!/bin/sh\nenv\n")

    result = of_airflow_3.run(*line.split(" "), **{KEY: "/tls.crt"}, **CELERY)

    assert result.returncode == 0
    names = [each.partition("=") for each in result.stdout.splitlines()]
    for name, _, value in names:
        assert "astronomer.runtime." not in value, name
