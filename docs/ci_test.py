"""The workflows run commands that exist, with arguments that these take, and may write nothing."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import yaml

WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))


def load(path: Path) -> Dict[str, Any]:
    # Not `safe_load`: YAML 1.1 reads the key `on` as true.
    found: Dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    return found


def jobs() -> Iterator[Tuple[str, Dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield f"{path.stem}/{name}", job


def commands() -> Iterator[Tuple[str, str]]:
    """Each `run`, with the values of its variables in it, once for each value of a matrix."""
    for name, job in jobs():
        matrix = job.get("strategy", {}).get("matrix", {"": [""]})
        ((key, values),) = matrix.items()
        for value in values:
            for step in job["steps"]:
                text: str = step.get("run", "")
                for variable, content in step.get("env", {}).items():
                    content = content.replace(f"${{{{ matrix.{key} }}}}", value)
                    text = text.replace(f'"${variable}"', content)
                if text:
                    yield name, text


COMMANDS = list(commands())


def test_there_are_workflows_for_changes_for_main_and_for_the_night() -> None:
    assert [path.stem for path in WORKFLOWS] == ["changed", "main", "nightly"]
    assert load(WORKFLOWS[0])["on"] == "pull_request"
    assert load(WORKFLOWS[1])["on"]["push"]["branches"] == ["main"]
    assert load(WORKFLOWS[2])["on"]["schedule"]


@pytest.mark.parametrize("name, command", COMMANDS)
def test_a_command_is_a_program_of_this_repository_with_arguments_that_it_takes(
    name: str, command: str
) -> None:
    words = command.split()
    assert words[0] == ".ci/container"
    assert words[1] == ".ci/run"
    assert all(os.access(word, os.X_OK) for word in words[:2])
    # What nobody replaces would reach the shell as a text of somebody else's.
    assert "${{" not in command.replace("origin/${{ github.base_ref }}", "")

    rest = words[2:]
    if rest[:1] == ["--since"]:
        # "origin/${{ github.base_ref }}" is three words here.
        rest = rest[4:]
    usage = subprocess.run(
        ["bash", ".ci/run", "nothing"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert usage.returncode == 2
    assert all(f"[{word}]" in usage.stderr for word in rest)


def test_main_takes_every_step() -> None:
    steps: List[str] = [command.split()[-1] for name, command in COMMANDS if name == "main/check"]

    assert steps == ["lint", "package", "test"]


def test_no_workflow_may_write_and_no_action_is_unpinned() -> None:
    for path in WORKFLOWS:
        assert load(path)["permissions"] == {"contents": "read"}, path
    for name, job in jobs():
        assert int(job["timeout-minutes"]) <= 360, name
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/a@v1")), name


def test_what_the_container_is_not_given_ends_in_a_sentence(tmp_path: Path) -> None:
    nothing = subprocess.run(
        ["bash", ".ci/container"], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert (nothing.returncode, nothing.stderr.count("\n")) == (2, 1)
    assert "name the command" in nothing.stderr

    environment = {**os.environ, "CONTAINER_ENGINE": "no-such-engine", "HOME": str(tmp_path)}
    missing = subprocess.run(
        ["bash", ".ci/container", "true"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert "there is no `no-such-engine`" in missing.stderr


def test_the_container_runs_the_command_in_this_folder_and_hands_on_its_status(
    tmp_path: Path,
) -> None:
    """By an engine that runs the command here: the container's image is not to be had in a test."""
    engine = tmp_path / "engine"
    engine.write_text(
        "#!/bin/bash\n"
        'printf "%s\\n" "$@" >"$HOME/arguments"\n'
        'while [[ $1 != debian-12 ]]; do shift; done; exec "${@:2}"\n'
    )
    engine.chmod(0o755)
    # A copy: the owner of what is in the folder is set at the end.
    root = tmp_path / "repository"
    (root / ".ci").mkdir(parents=True)
    (root / ".ci/container").write_text(Path(".ci/container").read_text())
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CONTAINER_ENGINE": str(engine),
        "ASTRO_RUNTIME_CI_IMAGE": "debian-12",
        "CI": "true",
    }

    done = subprocess.run(
        ["bash", ".ci/container", "sh", "-c", "pwd; exit 7"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (7, f"{root}\n")
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert "--privileged" in arguments
    assert arguments[arguments.index("--workdir") + 1] == str(root)
    assert arguments[arguments.index("--env") + 1].startswith("OWNER=")
    assert "CI" in arguments and "HTTPS_PROXY" not in arguments
