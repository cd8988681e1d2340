from __future__ import annotations

from pathlib import Path
from typing import Dict, Sequence, Tuple

import pytest
from astronomer.runtime.component import command_of, environment_of, running_component


def processes(root: Path, commands: Dict[int, Sequence[str]]) -> Path:
    """A `/proc` in which all processes are children of process 1."""
    for pid, argv in commands.items():
        folder = root / str(pid) / "task" / str(pid)
        folder.mkdir(parents=True)
        (root / str(pid) / "cmdline").write_bytes("\0".join([*argv, ""]).encode())
        children = " ".join(str(other) for other in commands if other != 1) if pid == 1 else ""
        (folder / "children").write_text(children)
    return root


TINI = ["tini", "--", "/entrypoint"]


@pytest.mark.parametrize(
    "commands, component",
    [
        ({1: [*TINI, "airflow", "scheduler"], 7: ["airflow scheduler"]}, ("scheduler", 7)),
        ({1: [*TINI, "celery", "worker"], 8: ["renamed"]}, ("celery worker", 8)),
        (
            {1: [*TINI, "bash", "-c", "airflow db upgrade && exec airflow webserver"], 9: ["x"]},
            ("webserver", 9),
        ),
        (
            {1: ["/usr/bin/python3", "/usr/local/bin/airflow", "triggerer"]},
            ("triggerer", 1),
        ),
        (
            {1: ["/sbin/docker-init", "--", "x"], 7: ["airflow", "scheduler"]},
            ("scheduler", 7),
        ),
        ({1: [*TINI, "kerberos"], 7: ["airflow", "kerberos"]}, ("kerberos", 7)),
        ({1: ["airflow api_server -- host:0.0.0.0 port:81"]}, ("api-server", 1)),
        # The shell waits for what it started.
        (
            {
                1: [*TINI, "sh", "-c", "airflow triggerer"],
                6: ["sh"],
                9: ["airflow", "triggerer"],
            },
            ("triggerer", 9),
        ),
    ],
)
def test_the_component_is_what_the_container_was_started_for(
    tmp_path: Path, commands: Dict[int, Sequence[str]], component: Tuple[str, int]
) -> None:
    found = running_component(processes(tmp_path, commands))
    assert found and (found.name, found.pid) == component


def test_a_component_beside_which_the_entrypoint_stays_is_its_child(tmp_path: Path) -> None:
    ours = ["/usr/bin/python3", "-IS", "/entrypoint", "airflow", "scheduler"]
    proc = processes(tmp_path, {1: [*TINI, "airflow", "scheduler"], 7: ours})
    processes(proc, {9: ["airflow", "scheduler", "--pid", "x"]})
    (proc / "7" / "task" / "7" / "children").write_text("9 ")

    found = running_component(proc)
    assert found and (found.name, found.pid) == ("scheduler", 9)


@pytest.mark.parametrize(
    "commands, argv",
    [
        (
            {
                1: [*TINI, "api-server", "-p", "81", "--ssl-cert=c"],
                7: ["airflow api_server -- host:0.0.0.0 port:81"],
            },
            ["api-server", "-p", "81", "--ssl-cert=c"],
        ),
        (
            {
                1: [*TINI, "bash", "-c", "exec airflow webserver -p $PORT"],
                7: [
                    "/usr/bin/python3",
                    "/usr/local/bin/airflow",
                    "webserver",
                    "-p",
                    "81",
                ],
            },
            ["/usr/local/bin/airflow", "webserver", "-p", "81"],
        ),
        (
            {
                1: [*TINI, "sh", "-c", "airflow api-server --port 81"],
                7: ["sh", "-c", "airflow api-server --port 81"],
                8: ["airflow api_server -- host:::1 port:81"],
            },
            ["airflow", "api-server", "--host", "::1", "--port", "81"],
        ),
    ],
)
def test_the_options_of_the_component_are_found(
    tmp_path: Path, commands: Dict[int, Sequence[str]], argv: Sequence[str]
) -> None:
    found = running_component(processes(tmp_path, commands))
    assert found and list(found.argv) == argv


@pytest.mark.parametrize(
    "argv",
    [[*TINI, "airflow", "version"], [*TINI, "bash"], ["sleep", "infinity"], TINI],
)
def test_a_container_may_run_no_component(tmp_path: Path, argv: Sequence[str]) -> None:
    assert running_component(processes(tmp_path, {1: argv})) is None


@pytest.mark.parametrize(
    "written, words",
    [
        (["airflow", "scheduler", "-n", "1"], ["airflow", "scheduler", "-n", "1"]),
        (["airflow scheduler -n 1"], ["airflow", "scheduler", "-n", "1"]),
        (
            ["[celeryd: celery@one:MainProcess] -active- (celery worker --celery-hostname one)"],
            ["celery", "worker", "--celery-hostname", "one"],
        ),
    ],
)
def test_the_words_of_a_process_that_gave_itself_a_title_are_found(
    tmp_path: Path, written: Sequence[str], words: Sequence[str]
) -> None:
    assert command_of(7, processes(tmp_path, {7: written})) == words


def test_the_environment_of_a_process_can_be_read() -> None:
    import os

    assert environment_of(os.getpid())["PATH"]
