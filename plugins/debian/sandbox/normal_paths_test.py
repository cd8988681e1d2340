from __future__ import annotations

import pytest
from debian.sandbox.normal_paths import belongs, excluder, link_target


@pytest.mark.parametrize(
    "path",
    [
        "dev/null",
        "run/mount",
        "tmp/left-over",
        "etc/hostname",
        "etc/resolv.conf",
        "etc/passwd-",
        "etc/apt/sources.list",
        "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
        "var/cache/ldconfig/aux-cache",
        "var/cache/debconf/config.dat-old",
        "var/lib/dpkg/status-old",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/a.deb",
        "var/log/dpkg.log",
        "usr/share/doc/bash/README",
        "usr/share/man/man1/bash.1.gz",
        "usr/share/locale/de/LC_MESSAGES/bash.mo",
        "usr/lib/python3.9/__pycache__",
        "usr/lib/python3.9/__pycache__/os.cpython-39.pyc",
    ],
)
def test_what_differs_from_build_to_build_or_only_documents_is_left_out(path: str) -> None:
    assert not belongs(path, is_directory=False)


@pytest.mark.parametrize(
    "path, is_directory",
    [
        ("dev", True),
        ("run/lock", True),
        ("var/log", True),
        ("var/log/postgresql", True),
        ("var/cache/apt/archives", True),
        ("var/lib/apt/lists", True),
        ("var/lib/dpkg/status", False),
        ("etc/machine-id", False),
        ("usr/share/doc/bash/copyright", False),
        ("usr/share/doc/libfoo", False),
        ("usr/share/man/man1", True),
        ("usr/share/locale/locale.alias", False),
        ("usr/lib/python3.9/os.py", False),
    ],
)
def test_what_programs_need_stays(path: str, is_directory: bool) -> None:
    assert belongs(path, is_directory)


def test_an_exclude_covers_all_below_it_and_nothing_beside_it() -> None:
    excluded = excluder(["/etc/ssl/private", "/var/lib/postgresql/*/main"])

    assert excluded("etc/ssl/private")
    assert excluded("etc/ssl/private/key")
    assert excluded("var/lib/postgresql/13/main/base/1")
    assert not excluded("etc/ssl/private-notes")
    assert not excluded("var/lib/postgresql/13/a/main")
    assert not excluder([])("anything")


def test_links_are_followed_from_where_they_stand() -> None:
    assert link_target("etc/ssl/certs/1.0", "ca.pem") == "etc/ssl/certs/ca.pem"
    assert link_target("usr/bin/pdb", "../lib/pdb.py") == "usr/lib/pdb.py"
    assert link_target("etc/alternatives/awk", "/usr/bin/mawk") == "usr/bin/mawk"
