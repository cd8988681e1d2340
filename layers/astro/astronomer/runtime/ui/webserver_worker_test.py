from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

from astronomer.runtime.ui.webserver_worker import Worker

# Tells when it is made, by whom and with which setting.
_APPLICATION = """
import os, time

def tell(word):
    chosen = os.environ.get("AIRFLOW__WEBSERVER__UPDATE_FAB_PERMS")
    with open("told", "a") as told:
        told.write(f"{word} {os.getpid()} {chosen}\\n")

tell("begin")
time.sleep(0.5)
tell("end")

def application(environ, start_response):
    start_response("200 OK", [])
    return []
"""


def told_by_three(folder: Path, environ: Dict[str, str]) -> List[List[str]]:
    """What three processes of a real gunicorn say while they make their applications."""
    Path(folder, "application.py").write_text(_APPLICATION)
    command = [sys.executable, "-m", "gunicorn", "--workers=3", "--bind=unix:socket"]
    command += [f"--worker-class={Worker.__module__}.{Worker.__name__}", "application"]
    path = os.pathsep.join([str(folder), *(os.path.abspath(each) for each in sys.path)])
    told = folder / "told"
    gunicorn = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path, **environ}
    )
    try:
        deadline = time.monotonic() + 60
        while gunicorn.poll() is None and time.monotonic() < deadline:
            lines = told.read_text().splitlines() if told.exists() else []
            if len(lines) == 6:
                return [line.split() for line in lines]
            time.sleep(0.1)
        raise AssertionError(f"they told only {lines}")
    finally:
        gunicorn.terminate()
        gunicorn.wait(30)


def test_one_makes_its_application_before_the_others_which_write_nothing(tmp_path: Path) -> None:
    first, second, *others = told_by_three(tmp_path, {})

    assert (first[0], second[0]) == ("begin", "end")
    assert first[1:] == second[1:]
    assert first[2] == "None"
    assert {setting for _, _, setting in others} == {"False"}


def test_where_plugins_are_followed_all_write_one_after_another(tmp_path: Path) -> None:
    told = told_by_three(tmp_path, {"AIRFLOW__WEBSERVER__RELOAD_ON_PLUGIN_CHANGE": "True"})

    assert {setting for _, _, setting in told} == {"None"}
    assert [word for word, _, _ in told] == ["begin", "end"] * 3


_PLATFORM = {
    "AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT": "/no/such/file",
    "AIRFLOW__ASTRONOMER__JWT_ISSUER": "issuer",
    "AIRFLOW__ASTRONOMER__JWT_AUDIENCE": "audience",
}

_REFUSING_APPLICATION = """
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.refusal import end

end(ConfigurationError("it is wrong."))
"""


def end_of_gunicorn(folder: Path, worker: str, environ: Dict[str, str]) -> Tuple[int, str]:
    """The exit code of a real gunicorn that cannot start, and what it says."""
    command = [sys.executable, "-m", "gunicorn", "--workers=2", "--bind=unix:socket"]
    path = os.pathsep.join([str(folder), *(os.path.abspath(each) for each in sys.path)])
    finished = subprocess.run(
        [*command, f"--worker-class={worker}", "application"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environ},
        stderr=subprocess.PIPE,
        text=True,
        # Where it starts its workers anew for ever.
        timeout=120,
    )
    return finished.returncode, finished.stderr


def test_gunicorn_does_not_start_where_the_platform_s_login_cannot_work(tmp_path: Path) -> None:
    worker = f"{Worker.__module__}.{Worker.__name__}"
    (tmp_path / "application.py").write_text(_APPLICATION)

    code, said = end_of_gunicorn(tmp_path, worker, _PLATFORM)

    assert code == 78
    [sentence] = [line for line in said.splitlines() if "astronomer-runtime: " in line]
    assert "AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT is '/no/such/file'" in sentence
    assert not (tmp_path / "told").exists()


def test_gunicorn_with_another_kind_of_worker_ends_with_the_first_that_refuses(
    tmp_path: Path,
) -> None:
    (tmp_path / "application.py").write_text(_REFUSING_APPLICATION)

    code, said = end_of_gunicorn(tmp_path, "sync", {})

    # 3, or 1 where another worker refuses while gunicorn is about to end.
    assert code in (1, 3)
    assert "astronomer-runtime: it is wrong." in said
