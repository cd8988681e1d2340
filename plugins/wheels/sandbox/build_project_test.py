from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.build_project import build_project

PYPROJECT = """\
[build-system]
requires = ["flit_core >=3.8,<4"]
build-backend = "flit_core.buildapi"

[project]
name = "demo"
version = "1.0"
description = "A demo."
"""


def project(folder: Path, pyproject: str = PYPROJECT) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "demo.py").write_text("x = 1\n")
    return folder


def test_modes_and_times_of_the_checkout_are_not_seen(tmp_path: Path) -> None:
    one = project(tmp_path / "one")
    two = project(tmp_path / "two")
    (two / "demo.py").chmod(0o755)

    wheels = [build_project(each, tmp_path / f"work-{each.name}") for each in (one, two)]

    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    assert "demo.py" in zipfile.ZipFile(wheels[0]).namelist()


def test_a_project_that_flit_cannot_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="^pyproject.toml: the project cannot be built, "):
        build_project(project(tmp_path / "p", "[project]\nname = 'demo'\n"), tmp_path / "work")
