from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from debian.sandbox.accounts import Account, creation_script, normal_shadow, parse
from oci.sandbox.errors import SandboxError

EPOCH = 20_000 * 24 * 60 * 60 + 5


@pytest.fixture
def system(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tmp_path / "etc/shadow").write_text("root:*:1:0:99999:7:::\n")
    (tmp_path / "etc/group").write_text("root:x:0:\n")
    (tmp_path / "etc/gshadow").write_text("root:*::\n")
    return tmp_path


def run(script: str, system: Path) -> subprocess.CompletedProcess[str]:
    # Only root may give directories away.
    harmless = script.replace("chown ", "true ")
    return subprocess.run(
        ["sh", "-e", "-c", harmless, "sh", str(system)], capture_output=True, text=True
    )


def test_an_account_is_locked_and_its_group_may_write_its_home(system: Path) -> None:
    run(creation_script([Account("astro", 50000, 0, "/home/astro")], EPOCH), system)

    assert (system / "etc/passwd").read_text().endswith("astro:x:50000:0::/home/astro:/bin/bash\n")
    assert (system / "etc/shadow").read_text().endswith("astro:!:20000:0:99999:7:::\n")
    assert (system / "etc/group").read_text() == "root:x:0:\n"
    assert (system / "home/astro").stat().st_mode & 0o7777 == 0o775


def test_a_group_id_that_is_free_becomes_a_group_of_the_accounts_name(system: Path) -> None:
    run(creation_script([Account("postgres", 999, 999, "/var/lib/postgresql")], EPOCH), system)

    assert (system / "etc/group").read_text() == "root:x:0:\npostgres:x:999:\n"
    assert (system / "etc/gshadow").read_text() == "root:*::\npostgres:!::\n"


def test_an_account_whose_id_is_taken_is_refused(system: Path) -> None:
    result = run(creation_script([Account("admin", 0, 0, "/root")], EPOCH), system)

    assert result.returncode == 1
    assert result.stderr == "E: the account admin (0) exists already\n"


def test_accounts_are_read_as_targets_give_them() -> None:
    assert parse({"astro": "50000:0 /home/astro"}) == [Account("astro", 50000, 0, "/home/astro")]


@pytest.mark.parametrize(
    "accounts, message",
    [
        ({"Astro": "1:1 /"}, "names the account 'Astro'. Use lower-case letters"),
        ({"astro": "50000 /home"}, "gives '50000 /home' for astro. Write `UID:GID HOME`"),
        ({"astro": "1:1 /a'; rm"}, "for astro. Write `UID:GID HOME`"),
        ({"a": "1:1 /a", "b": "1:1 /b"}, "gives b the id 1, which a has too."),
    ],
)
def test_a_malformed_account_is_one_sentence(accounts: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        parse(accounts)

    assert message in str(error.value)


def test_the_day_of_the_build_is_not_in_the_shadow_file() -> None:
    assert normal_shadow("_apt:*:20708:0:99999:7:::\n", EPOCH) == "_apt:*:20000:0:99999:7:::\n"


def test_an_account_with_a_password_is_refused() -> None:
    with pytest.raises(SandboxError, match="the account root is not locked"):
        normal_shadow("root:$6$x:1:0:99999:7:::\n", EPOCH)
