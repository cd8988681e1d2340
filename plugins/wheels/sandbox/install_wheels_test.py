from __future__ import annotations

import csv
import io
import os
import struct
import sys
import zipfile
from pathlib import Path
from typing import Dict, Iterable, List

import pytest
from oci.sandbox.errors import SandboxError
from oci.sandbox.interpreter import Interpreter
from oci.sandbox.layer_writer import Entry, write_tar
from wheels.sandbox.bytecode_spool import BytecodeSpool
from wheels.sandbox.install_wheels import wheel_entries
from wheels.sandbox.path_patterns import PathPatterns
from wheels.sandbox.places import Places
from wheels.sandbox.wheel_archive import WheelArchive
from wheels.testutil import make_wheel

SITE = "usr/local/lib/python3.9/dist-packages"

PLACES = Places(
    site_packages=f"/{SITE}",
    scripts="/usr/local/bin",
    data="/usr/local",
    headers="/usr/local/include/python3.9",
    shebang="/usr/bin/python3.9",
)

ENTRY_POINTS = "[console_scripts]\nhello = hello:main\n"


def install(paths: Iterable[Path], tmp_path: Path, omit: Iterable[str] = ()) -> Dict[str, Entry]:
    spool = BytecodeSpool(Interpreter((sys.executable,), dict(os.environ), "3.9"), tmp_path)
    wheels = [WheelArchive(path) for path in paths]
    entries = wheel_entries(wheels, PLACES, PathPatterns(omit), spool)
    return {entry.path: entry for entry in entries}


def content(entry: Entry) -> bytes:
    assert entry.open is not None
    with entry.open() as stream:
        return stream.read()


def record(entries: Dict[str, Entry], distribution: str) -> List[List[str]]:
    text = content(entries[f"{SITE}/{distribution}.dist-info/RECORD"]).decode()
    return list(csv.reader(io.StringIO(text)))


def hello(tmp_path: Path, **files: str) -> Path:
    return make_wheel(
        tmp_path / "wheels",
        "hello",
        {
            "hello.py": "def main(): pass\n",
            "hello-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
            "hello-1.0.data/scripts/hello-tool": "#!python\nprint('tool')\n",
            "hello-1.0.data/data/share/hello.txt": "data\n",
            "hello-1.0.data/headers/hello.h": "int hello;\n",
            **files,
        },
    )


def test_files_go_where_pip_puts_them_as_root(tmp_path: Path) -> None:
    entries = install([hello(tmp_path)], tmp_path)

    assert set(entries) == {
        f"{SITE}/hello.py",
        f"{SITE}/__pycache__/hello.cpython-39.pyc",
        f"{SITE}/hello-1.0.dist-info/INSTALLER",
        f"{SITE}/hello-1.0.dist-info/METADATA",
        f"{SITE}/hello-1.0.dist-info/RECORD",
        f"{SITE}/hello-1.0.dist-info/WHEEL",
        f"{SITE}/hello-1.0.dist-info/entry_points.txt",
        "usr/local/bin/hello",
        "usr/local/bin/hello-tool",
        "usr/local/include/python3.9/hello/hello.h",
        "usr/local/share/hello.txt",
    }


@pytest.mark.parametrize("folder", ["Foo.Bar-1.0.data", "foo_bar-1.0.data", "foo-bar-1.0.0.data"])
def test_the_folder_of_scripts_and_data_may_be_spelled_otherwise(
    tmp_path: Path, folder: str
) -> None:
    tool = {f"{folder}/scripts/tool": "#!python\n", f"{folder}/purelib/foo_bar.py": ""}
    entries = install([make_wheel(tmp_path / "wheels", "foo_bar", tool)], tmp_path)

    assert content(entries["usr/local/bin/tool"]) == b"#!/usr/bin/python3.9\n"
    assert f"{SITE}/foo_bar.py" in entries
    assert not [path for path in entries if ".data" in path]


@pytest.mark.parametrize(
    "members",
    [
        {"other-1.0.data/scripts/tool": ""},
        {"foo_bar-1.0.data/scripts/a": "", "Foo.Bar-1.0.data/scripts/b": ""},
        {"foo_bar-1.0.data/tools/tool": ""},
        {"foo_bar-1.0.data/tool": ""},
        # What begins like the folder.
        {"foo_bar-1.0.database/scripts/tool": ""},
        {"foo_bar-1.0.data": ""},
    ],
)
def test_a_folder_of_data_that_nothing_is_known_of_is_refused(
    tmp_path: Path, members: Dict[str, str]
) -> None:
    with pytest.raises(SandboxError, match="^The wheel foo_bar-1.0-.* cannot be installed, "):
        install([make_wheel(tmp_path / "wheels", "foo_bar", members)], tmp_path)


def test_scripts_start_the_images_python(tmp_path: Path) -> None:
    entries = install([hello(tmp_path)], tmp_path)

    for name in ("hello", "hello-tool"):
        script = entries[f"usr/local/bin/{name}"]
        assert content(script).startswith(b"#!/usr/bin/python3.9\n")
        assert script.mode == 0o755


def test_record_is_sorted_and_lists_what_was_installed(tmp_path: Path) -> None:
    entries = install([hello(tmp_path)], tmp_path)
    rows = record(entries, "hello-1.0")

    assert rows == sorted(rows)
    listed = {os.path.normpath(f"{SITE}/{path}"): (hash_, size) for path, hash_, size in rows}
    assert set(listed) == set(entries)
    assert listed[f"{SITE}/__pycache__/hello.cpython-39.pyc"] == ("", "")
    assert listed["usr/local/bin/hello"][1] == str(entries["usr/local/bin/hello"].size)


def test_a_file_keeps_the_time_and_the_executable_bit_of_the_wheel(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path / "wheels",
        "hello",
        {"hello/run.sh": "#!/bin/sh\n"},
        executables=frozenset({"hello/run.sh"}),
        date=(2022, 7, 1),
    )

    entry = install([wheel], tmp_path)[f"{SITE}/hello/run.sh"]

    assert (entry.mode, entry.mtime) == (0o755, 1656676800)


def test_bytecode_is_for_the_time_and_size_that_the_layer_gives_its_source(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "hello", {"hello.py": "x = 1\n"}, date=(2022, 7, 1))
    entries = install([wheel], tmp_path)

    source = entries[f"{SITE}/hello.py"]
    header = content(entries[f"{SITE}/__pycache__/hello.cpython-39.pyc"])[:16]
    assert struct.unpack("<III", header[4:]) == (0, source.mtime, source.size)


def test_tests_have_no_bytecode(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path / "wheels", "hello", {"hello/tests/test_it.py": "", "hello/a.py": ""}
    )

    pycs = [path for path in install([wheel], tmp_path) if path.endswith(".pyc")]

    assert pycs == [f"{SITE}/hello/__pycache__/a.cpython-39.pyc"]


def test_packages_may_share_a_file_with_equal_content(tmp_path: Path) -> None:
    one = make_wheel(tmp_path / "wheels", "one", {"shared/__init__.py": "x = 1\n"})
    two = make_wheel(tmp_path / "wheels", "two", {"shared/__init__.py": "x = 1\n"})

    entries = install([one, two], tmp_path)

    assert content(entries[f"{SITE}/shared/__init__.py"]) == b"x = 1\n"
    for name in ("one-1.0", "two-1.0"):
        paths = [row[0] for row in record(entries, name)]
        assert "shared/__init__.py" in paths
        assert "shared/__pycache__/__init__.cpython-39.pyc" in paths


def test_two_wheels_with_different_content_at_one_path_are_both_named(tmp_path: Path) -> None:
    one = make_wheel(tmp_path / "wheels", "one", {"tests/__init__.py": "x = 1\n"})
    two = make_wheel(tmp_path / "wheels", "two", {"tests/__init__.py": "x = 2\n"})

    with pytest.raises(SandboxError, match=r"one-1.0.*two-1.0.*tests/__init__.py.*`omit`"):
        install([one, two], tmp_path)


def test_an_omitted_file_is_gone_from_record_too(tmp_path: Path) -> None:
    one = make_wheel(tmp_path / "wheels", "one", {"tests/__init__.py": "", "one.py": ""})

    entries = install([one], tmp_path, omit=["tests/*"])

    assert not [path for path in entries if "/tests/" in path]
    assert not [row for row in record(entries, "one-1.0") if "tests" in row[0]]


def test_the_same_wheels_give_the_same_tar(tmp_path: Path) -> None:
    wheel = hello(tmp_path, **{"hello_sets.py": "def f(x): return x in {None, 'a', 'b'}\n"})

    tars = []
    for _ in range(2):
        stream = io.BytesIO()
        write_tar(install([wheel], tmp_path).values(), stream)
        tars.append(stream.getvalue())

    assert tars[0] == tars[1]


def test_content_that_record_does_not_vouch_for_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path / "wheels", "bad", {"data.txt": "x"}, record={"data.txt": "sha256=AAAA"}
    )

    entry = install([wheel], tmp_path)[f"{SITE}/data.txt"]

    with pytest.raises(SandboxError, match="bad-1.0.*data.txt is not what its RECORD says"):
        content(entry)


def test_a_file_without_hash_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "bad", {"data.txt": "x"}, record={"data.txt": ""})

    with pytest.raises(SandboxError, match="bad-1.0.*no hash of data.txt"):
        WheelArchive(wheel)


@pytest.mark.parametrize(
    "name", ["../evil.py", "/evil.py", "a/../../evil.py", "a//b.py", "a\\b.py"]
)
def test_a_wheel_cannot_write_outside_of_its_places(tmp_path: Path, name: str) -> None:
    wheel = make_wheel(tmp_path / "wheels", "bad", {name: "x"})

    with pytest.raises(SandboxError, match="bad-1.0.*not a normal relative path"):
        WheelArchive(wheel)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_wheel_with_a_member_twice_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "bad", {"a.py": "x"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("a.py", "y")

    with pytest.raises(SandboxError, match="bad-1.0.*holds 'a.py' twice"):
        WheelArchive(wheel)


def test_a_wheel_that_is_no_zip_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "bad-1.0-py3-none-any.whl"
    wheel.write_bytes(b"<html>")

    with pytest.raises(SandboxError, match="bad-1.0-py3-none-any.whl.*not a zip archive"):
        WheelArchive(wheel)
