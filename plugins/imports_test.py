"""Backends import each other one way, as `docs/architecture.md` draws them."""

from __future__ import annotations

import ast
import importlib.util
import sysconfig
from pathlib import Path
from typing import Iterable, Iterator, List, Tuple

import pytest

ROOT = Path(__file__).parent

ALLOWED = {
    "oci": {"oci"},
    "locks": {"locks", "oci"},
    "debian": {"debian", "locks", "oci"},
    "wheels": {"locks", "oci", "wheels"},
    "runtime": {"debian", "locks", "oci", "runtime", "wheels"},
    "vulnerabilities": {"debian", "locks", "oci", "runtime", "vulnerabilities", "wheels"},
}

SANDBOX_CODE = (
    "debian/sandbox",
    "oci/distribution",
    "oci/sandbox",
    "runtime/local",
    "wheels/sandbox",
)


def imports(source: str) -> Iterator[str]:
    """Full names of the modules that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            yield node.module


def imported(folder: str, tests: bool = True) -> List[Tuple[str, str]]:
    """Each module below a folder, as a path, with each name that it imports."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths, f"{folder} is not there"
    return [
        (str(path.relative_to(ROOT)), name)
        for path in paths
        if tests or not path.name.endswith(("_test.py", "conftest.py"))
        for name in imports(path.read_text())
    ]


def is_below(name: str, packages: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def is_of_python_itself(name: str) -> bool:
    spec = importlib.util.find_spec(name.partition(".")[0])
    if spec is None or spec.origin is None:
        return False
    folder = sysconfig.get_paths()["stdlib"]
    return spec.origin == "built-in" or (
        spec.origin.startswith(folder) and "-packages" not in spec.origin
    )


def test_every_backend_has_its_place_in_the_order() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(ALLOWED)


@pytest.mark.parametrize("backend", sorted(ALLOWED))
def test_a_backend_imports_none_above_it(backend: str) -> None:
    above = set(ALLOWED) - ALLOWED[backend]

    found = [each for each in imported(backend) if is_below(each[1], above)]

    assert found == []


def test_formats_need_nothing_but_python() -> None:
    found = [
        (path, name)
        for path, name in imported("oci/format", tests=False)
        if not is_below(name, ["oci.format"]) and not is_of_python_itself(name)
    ]

    assert found == []


@pytest.mark.parametrize("folder", SANDBOX_CODE)
def test_what_runs_in_build_steps_imports_neither_pants_nor_rules(folder: str) -> None:
    ours = [folder.replace("/", "."), "oci.format", "oci.sandbox"]

    found = [
        (path, name)
        for path, name in imported(folder, tests=False)
        if is_below(name, ["pants", *ALLOWED]) and not is_below(name, ours)
    ]

    assert found == []
