from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from oci.sandbox import machine_settings

SETTINGS = {"NAME": "a value = 'quoted'\nof \u00fc lines", "EMPTY": ""}


def test_what_is_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "before")
    (tmp_path / "demo").write_bytes(machine_settings.dumps(SETTINGS))

    machine_settings.apply("demo", tmp_path)

    assert {name: os.environ[name] for name in SETTINGS} == SETTINGS


def test_a_shell_script_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "demo").write_bytes(machine_settings.dumps(SETTINGS))
    script = 'while IFS= read -r -d "" pair; do export "$pair"; done <demo; printf %s "$NAME"'

    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=True)

    assert done.stdout.decode() == SETTINGS["NAME"]


def test_a_machine_without_settings_is_left_as_it_is(tmp_path: Path) -> None:
    before = dict(os.environ)

    machine_settings.apply("demo", tmp_path)

    assert dict(os.environ) == before
