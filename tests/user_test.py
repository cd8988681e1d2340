from __future__ import annotations

import pytest

from tests.engine.container import Container
from tests.engine.session import Engine

HOME = "/usr/local/airflow"


def test_the_user_is_astro_of_the_root_group(shell: Container) -> None:
    identity = shell.exec(["id"]).checked().stdout

    assert identity.startswith("uid=50000(astro) gid=0(root)")


@pytest.mark.parametrize("folder", ["", "/logs", "/dags", "/plugins", "/include"])
def test_the_group_may_write_the_project_s_folders(shell: Container, folder: str) -> None:
    found = shell.exec(["stat", "--format=%u:%g %a", f"{HOME}{folder}"]).checked().stdout

    assert found == "50000:0 775\n"


def test_nobody_but_root_may_write_the_accounts(shell: Container) -> None:
    for path in ("/etc/passwd", "/etc/group", "/etc/shadow"):
        assert shell.exec(["test", "-w", path]).exit_code == 1
        assert shell.exec(["test", "-w", path], user="12345:0").exit_code == 1


@pytest.mark.parametrize("user", ["12345:0", "12345:12345"])
def test_an_arbitrary_user_has_a_name_and_a_home(
    engine: Engine, base_image: str, user: str
) -> None:
    script = "import getpass, os; print(getpass.getuser(), os.path.expanduser('~'))"

    finished = engine.run(base_image, ["python", "-c", script], user=user)

    name, home = finished.checked().stdout.split()
    assert name == "astro"
    assert home != "/"


def test_what_an_arbitrary_user_makes_stays_writable_for_the_group(
    engine: Engine, base_image: str
) -> None:
    script = f"touch {HOME}/made {HOME}/logs/made && stat --format='%u:%g %a' {HOME}/made"

    finished = engine.run(base_image, ["bash", "-ec", script], user="12345:0")

    assert finished.checked().stdout == "12345:0 664\n"


def test_a_user_without_the_root_group_is_told_what_to_do(engine: Engine, base_image: str) -> None:
    finished = engine.run(base_image, ["true"], user="12345:12345")

    assert "run with `--user 12345:0`" in finished.stderr


def test_airflow_starts_on_a_read_only_filesystem(engine: Engine, base_image: str) -> None:
    finished = engine.run(
        base_image,
        ["airflow", "info"],
        read_only=True,
        tmpfs={"/tmp": "", HOME: "mode=0775,uid=50000,gid=0"},
        seconds=120,
    )

    assert "airflow_home" in finished.checked().stdout


def test_a_read_only_filesystem_is_told_from_missing_rights(
    engine: Engine, base_image: str
) -> None:
    finished = engine.run(base_image, ["true"], read_only=True)

    sentence = f"{HOME} is on a read-only filesystem; mount a tmpfs or a volume on it for Airflow."
    assert sentence in finished.checked().stderr
