from __future__ import annotations

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine


def test_the_image_is_debian_11(shell: Container) -> None:
    release = shell.exec(["cat", "/etc/os-release"]).checked().stdout

    assert 'VERSION_ID="11"' in release
    assert "ID=debian" in release.splitlines()


def test_no_update_of_the_archive_is_missing(engine: Engine, base_image: str) -> None:
    script = "apt-get update && apt-get --simulate dist-upgrade"

    simulated = engine.run(
        base_image, ["bash", "-ec", script], user="root", network="host", seconds=180
    )

    assert "\n0 upgraded, 0 newly installed, 0 to remove" in simulated.checked().stdout


@pytest.mark.parametrize(
    "command",
    [
        "airflow version",
        "bash --version",
        "curl --version",
        "pip --version",
        "pytest --version",
        "python --version",
        "python3.9 --version",
        "tini --version",
    ],
)
def test_a_tool_is_on_the_path_and_runs(shell: Container, command: str) -> None:
    shell.exec(command.split()).checked()


def test_python_is_3_9(shell: Container) -> None:
    assert shell.exec(["python", "--version"]).checked().stdout.startswith("Python 3.9.")


@pytest.mark.parametrize("compiler", ["as", "cc", "clang", "g++", "gcc", "ld", "make", "rustc"])
def test_there_is_no_compiler(shell: Container, compiler: str) -> None:
    assert shell.exec(["bash", "-c", f"type -P {compiler}"]).exit_code == 1


def test_the_certificate_authorities_are_there(shell: Container) -> None:
    count = shell.exec(["grep", "-c", "BEGIN CERT", "/etc/ssl/certs/ca-certificates.crt"])

    assert int(count.checked().stdout) > 100


def test_python_finds_every_library_of_its_packages(shell: Container) -> None:
    script = (
        "find -L /usr/local/lib/python3.9/dist-packages -name '*.cpython-39-*.so'"
        " | xargs -n 50 ldd 2>/dev/null | grep 'not found' | sort -u"
    )

    assert shell.exec(["bash", "-c", script], seconds=120).stdout == ""


def test_dpkg_knows_every_package_and_none_is_broken(shell: Container) -> None:
    assert shell.exec(["dpkg", "--audit"]).checked().stdout == ""

    states = shell.exec(["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}\n"])
    assert set(states.checked().stdout.split()) == {"ii"}


def test_no_link_leads_nowhere_on_the_path(shell: Container) -> None:
    script = "find /usr/local/bin /usr/bin /usr/sbin -xtype l"

    assert shell.exec(["bash", "-c", script]).checked().stdout == ""


def test_no_account_has_a_password(shell: Container) -> None:
    shadow = shell.exec(["cat", "/etc/shadow"], user="root").checked().stdout

    assert {line.split(":")[1][:1] for line in shadow.splitlines()} <= {"*", "!"}
