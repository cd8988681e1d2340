from __future__ import annotations

import pytest
from astronomer.runtime.entrypoint.airflow_cli import Words
from astronomer.runtime.entrypoint.shell_script import airflow_commands_in, script_of


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "run it"],
        ["-c", "run it", "--", "-r", "Admin"],
        ["-c", "--", "run it"],
        ["-lc", "run it"],
        ["-c", "-e", "run it"],
        ["-euxo", "pipefail", "-c", "run it"],
        ["-o", "pipefail", "-c", "run it"],
        ["--norc", "--rcfile", "/dev/null", "-c", "run it"],
    ],
)
def test_the_script_is_found_among_the_options(arguments: list[str]) -> None:
    assert script_of(arguments) == "run it"


@pytest.mark.parametrize("arguments", [[], ["start.sh", "-c"], ["--login"], ["-c"], ["-", "x"]])
def test_there_is_no_script_without_c_or_text(arguments: list[str]) -> None:
    assert script_of(arguments) is None


@pytest.mark.parametrize(
    "script, commands",
    [
        (
            "(airflow db upgrade || airflow upgradedb) && airflow scheduler",
            [("db", "upgrade"), ("scheduler",)],
        ),
        (
            '{ airflow users create "$@" || airflow users create "$@" ; } &&\n'
            "airflow sync-perm; exec airflow webserver",
            [("users", "create"), ("users", "create"), ("sync-perm",), ("webserver",)],
        ),
        ("FOO=1 /usr/local/bin/airflow celery \\\n  worker", [("celery", "worker")]),
        ('su astro -c "airflow scheduler"', [("scheduler",)]),
        ("python -m airflow triggerer", [("triggerer",)]),
        ("echo $(airflow dags list)", [("dags", "list")]),
        ('airflow "$@"', [("$@",)]),
        ("cd /usr/local/airflow && ls", []),
        ("pip freeze | grep airflow", []),
        ("airflow --help; airflow scheduler --help", []),
        ("pip install apache-airflow scheduler", []),
    ],
)
def test_airflow_commands_are_seen_in_a_script(script: str, commands: list[Words]) -> None:
    assert list(airflow_commands_in(script)) == commands
