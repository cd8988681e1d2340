from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.build_sdist import backend, check_version


def tree(folder: Path, pyproject: Optional[str]) -> Path:
    if pyproject is not None:
        (folder / "pyproject.toml").write_text(pyproject)
    return folder


@pytest.mark.parametrize(
    "pyproject, words",
    [
        (None, ["setuptools.build_meta:__legacy__"]),
        ("", ["setuptools.build_meta:__legacy__"]),
        ("[build-system]\nrequires = []", ["setuptools.build_meta:__legacy__"]),
        ('[build-system]\nbuild-backend = "flit_core.buildapi"', ["flit_core.buildapi"]),
        (
            '[build-system]\nbuild-backend = "own"\nbackend-path = [".", "tools"]',
            ["own", ".", "tools"],
        ),
        # What a tool of the project is set to is its own matter.
        ('[tool.demo]\nmixed = [1, "two", {three = 3}]\n', ["setuptools.build_meta:__legacy__"]),
    ],
)
def test_the_backend_is_the_one_that_the_sources_name(
    tmp_path: Path, pyproject: Optional[str], words: List[str]
) -> None:
    assert backend(tree(tmp_path, pyproject)) == words


@pytest.mark.parametrize(
    "pyproject, problem",
    [
        ("[build-system", "is not TOML"),
        ("build-system = 1", "`build-system` is 1, not a table"),
        ("[build-system]\nbuild-backend = 1", "`build-backend` is 1, not a name"),
        ('[build-system]\nbackend-path = "tools"', "`backend-path` is 'tools', not folders"),
        ("[build-system]\nbackend-path = [1]", "`backend-path` is [1], not folders"),
    ],
)
def test_a_wrong_pyproject_is_named(tmp_path: Path, pyproject: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:
        backend(tree(tmp_path, pyproject))
    assert "its pyproject.toml" in str(error.value) and problem in str(error.value)


def test_a_pyproject_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="its pyproject.toml is not TOML"):
        backend(tmp_path)


@pytest.mark.parametrize(
    "sdist, wheel",
    [
        ("lazy-object-proxy-1.4.3.tar.gz", "lazy_object_proxy-1.4.3-cp39-cp39-linux_x86_64.whl"),
        ("dill-0.3.1.1.zip", "dill-0.3.1.1-py3-none-any.whl"),
        ("demo-1.0RC1.tgz", "demo-1.0rc1-py3-none-any.whl"),
    ],
)
def test_a_wheel_has_the_version_of_its_sources(sdist: str, wheel: str) -> None:
    check_version(sdist, wheel)


def test_a_version_that_a_backend_made_up_is_refused() -> None:
    with pytest.raises(SandboxError, match="builds version 0.0.0, not 1.4.3: add what it takes"):
        check_version("lazy-object-proxy-1.4.3.tar.gz", "lazy_object_proxy-0.0.0-cp39-x.whl")
