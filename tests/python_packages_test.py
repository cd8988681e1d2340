from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.engine.container import Container

PREFIX = "apache-airflow-providers-"
CONSTRAINTS = "/usr/local/share/astronomer-pip-constraints.txt"

Versions = Dict[str, str]


def pins(lines: List[str]) -> Versions:
    """Canonical name and version of every `name==version` line."""
    found = (line.partition("==") for line in lines if "==" in line and line[:1] != "#")
    return {canonicalize_name(name.strip()): version.strip() for name, _, version in found}


@pytest.fixture(scope="module")
def installed(shell: Container) -> Versions:
    """What pip says is installed, pip itself included."""
    return pins(shell.exec(["pip", "freeze", "--all"]).checked().stdout.splitlines())


@pytest.fixture(scope="module")
def requirements(shell: Container) -> Dict[str, List[str]]:
    """What each pinned distribution says it requires."""
    script = (
        "import importlib.metadata as m, json;"
        "print(json.dumps({d.metadata['Name'].lower(): d.requires or []"
        " for d in m.distributions()}))"
    )
    found: Dict[str, List[str]] = json.loads(shell.exec(["python", "-c", script]).checked().stdout)
    return found


def wanted_by_extra(lines: List[str], extra: str) -> List[Requirement]:
    """The requirements that an extra adds on Python 3.9 under Linux."""
    target = {"python_version": "3.9", "python_full_version": "3.9.2", "sys_platform": "linux"}
    parsed = [Requirement(line) for line in lines]
    return [
        requirement
        for requirement in parsed
        if requirement.marker
        and requirement.marker.evaluate({**target, "extra": extra})
        and not requirement.marker.evaluate({**target, "extra": ""})
    ]


def unmet(wanted: List[Requirement], installed: Versions) -> List[str]:
    """Those that are not installed, or not at a version they accept."""
    return [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(
            installed.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]


def test_airflow_is_the_release_s(
    shell: Container, installed: Versions, airflow_version: str
) -> None:
    assert installed["apache-airflow"] == airflow_version
    assert shell.exec(["airflow", "version"]).checked().stdout.strip() == airflow_version


def test_airflow_s_links_to_its_documentation_name_its_release(
    shell: Container, release: Dict[str, Any]
) -> None:
    script = "from airflow.utils.docs import get_docs_url as url; print(url('plugins.html'))"
    found = shell.exec(["python", "-c", script], seconds=180).checked().stdout

    assert found.strip().endswith(f"/apache-airflow/{release['airflow']}/plugins.html")


def test_the_providers_are_exactly_the_release_s(
    installed: Versions, release: Dict[str, Any]
) -> None:
    found = {
        name[len(PREFIX) :]: version
        for name, version in installed.items()
        if name.startswith(PREFIX)
    }

    assert found == {name: str(version) for name, version in release["providers"].items()}


def test_the_other_packages_are_the_release_s(installed: Versions, release: Dict[str, Any]) -> None:
    wanted = {
        canonicalize_name(Requirement(name).name): str(version)
        for name, version in release["packages"].items()
    }

    assert {name: installed.get(name) for name in wanted} == wanted


def test_the_other_packages_have_all_their_extras(
    installed: Versions, requirements: Dict[str, List[str]], release: Dict[str, Any]
) -> None:
    for package in map(Requirement, release["packages"]):
        for extra in package.extras:
            wanted = wanted_by_extra(requirements[package.name], extra)
            assert wanted, f"{package.name} has no extra {extra}"
            assert unmet(wanted, installed) == []


def test_airflow_has_its_extras(
    installed: Versions, requirements: Dict[str, List[str]], release: Dict[str, Any]
) -> None:
    for extra in release["extras"]:
        wanted = wanted_by_extra(requirements["apache-airflow"], extra)
        assert wanted, f"apache-airflow has no extra {extra}"
        assert unmet(wanted, installed) == []


def test_pip_finds_no_conflict(shell: Container) -> None:
    found = shell.exec(["pip", "check"], seconds=180).checked().stdout

    assert found == "No broken requirements found.\n"


def test_pip_is_recent_enough(installed: Versions) -> None:
    assert Version(installed["pip"]) >= Version("21.2.3")


def test_a_provider_is_found_in_pip_freeze(shell: Container, release: Dict[str, Any]) -> None:
    found = shell.exec(["bash", "-c", f"pip freeze | grep {PREFIX}amazon"]).checked().stdout

    assert found == f"{PREFIX}amazon=={release['providers']['amazon']}\n"


def test_airflow_lists_the_same_providers(shell: Container, release: Dict[str, Any]) -> None:
    listed = shell.exec(["airflow", "providers", "list", "--output", "json"]).json()

    assert {row["package_name"]: row["version"] for row in listed} == {
        f"{PREFIX}{name}": str(version) for name, version in release["providers"].items()
    }


def test_every_package_is_held_by_the_constraints(shell: Container, installed: Versions) -> None:
    held = pins(shell.exec(["cat", CONSTRAINTS]).checked().stdout.splitlines())

    # Our own distribution is in no index that pip could take another version from.
    expected = {name: pin for name, pin in installed.items() if name != "astronomer-runtime"}
    assert {name: held.get(name) for name in expected} == expected


def test_user_packages_go_where_the_image_s_are(shell: Container) -> None:
    script = "import airflow, os; print(os.path.dirname(os.path.dirname(airflow.__file__)))"
    folder = shell.exec(["python", "-c", script]).checked().stdout.strip()

    assert folder == "/usr/local/lib/python3.9/dist-packages"
    link = shell.exec(["readlink", "-f", "/usr/local/lib/python3.9/site-packages"])
    assert link.checked().stdout.strip() == folder
