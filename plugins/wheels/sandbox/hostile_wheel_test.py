"""Wheels, whatever is in them, are installed into their places or refused in one sentence."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.sandbox.errors import SandboxError
from oci.sandbox.layer_writer import write_tar
from oci.testing.fuzz import PATHS, fuzzed, mangled
from wheels.sandbox.layer_destination import install_wheel
from wheels.sandbox.places import Places
from wheels.sandbox.wheel_archive import WheelArchive
from wheels.testutil import make_wheel

PLACES = Places("/lib/site", "/bin", "/share", "/include", "/usr/bin/python3.9")
FOLDERS = ("lib/site/", "bin/", "share/", "include/bad/")

FOLDERS_OF_WHEELS = (
    "",
    "bad-1.0.data/data/",
    "bad-1.0.data/scripts/",
    "bad-1.0.data/headers/",
    "bad-1.0.data/purelib/",
    "bad-1.0.data/else/",
    "bad-1.0.data/",
    "bad-1.0.dist-info/",
    "vendored/other-2.0.dist-info/",
)

SYMLINK = 0o120777 << 16

METADATA = st.sampled_from(
    [
        b"",
        b"Name: bad\nVersion: 1.0\nLicense: \xff\n",
        b"Metadata-Version: 2.1\nName: ../bad\nVersion: ../1\n",
        b"Wheel-Version: 99.0\nRoot-Is-Purelib: perhaps\n",
        b"[console_scripts]\n../../escaped = bad:main\n",
        b"[console_scripts]\n/escaped = bad:main\n",
        b"[console_scripts]\na/b = bad:main\nx = \ny\n",
        b"[console_scripts]\n.. = bad:main\n",
        b"[console_scripts]\nrun = bad:main;import os\n[console_scripts]\n",
        b"no section = 1\n",
        b"../escaped,sha256=AAAA,1\n",
        b'a,"b\n',
    ]
)


def install(wheel: Path) -> None:
    """Install a wheel, and look where its files went."""
    stream = io.BytesIO()
    try:
        archive = WheelArchive(wheel)
        assert archive.purl.startswith("pkg:pypi/") and isinstance(archive.licences, tuple)
        assert all(purl.startswith("pkg:pypi/") for purl, _ in archive.vendored())
        destination = install_wheel(archive, PLACES)
        entries = [file.entry for file in destination.files.values()]
        written = write_tar([*entries, destination.record_entry([])], stream)
    except SandboxError as error:
        assert "\n" not in str(error)
        return
    for info in written:
        assert info.path.startswith(FOLDERS)
        assert ".." not in info.path.split("/")
        # A link of an archive is a file like others: what its name leads to is not touched.
        assert info.kind == "file"


def wheel_of(folder: Path, members: List[Tuple[str, bytes, int]]) -> Path:
    """A wheel with more members, all of which its RECORD lists where it can."""
    good = {name: content for name, content, _ in members if "\0" not in name}
    wheel = make_wheel(folder, "bad", {"bad.py": "x = 1\n", **good})
    content = wheel.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        listed = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in listed.items():
            if name not in good:
                archive.writestr(name, text)
        for name, text, attributes in members:
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr = name, attributes
            archive.writestr(info, text)
    return wheel


MEMBERS = st.lists(
    st.tuples(
        st.builds(
            lambda folder, name: folder + name,
            st.sampled_from(FOLDERS_OF_WHEELS),
            st.sampled_from([*PATHS, "METADATA", "RECORD", "WHEEL", "entry_points.txt"]),
        ),
        METADATA | st.binary(max_size=20),
        st.sampled_from([0o100644 << 16, 0o100755 << 16, SYMLINK, 0o020666 << 16, 0]),
    ),
    max_size=4,
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@fuzzed(200)
@given(MEMBERS)
def test_no_member_leaves_its_places(members: List[Tuple[str, bytes, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        install(wheel_of(Path(folder), members))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    files: Dict[str, Any] = {
        "bad/__init__.py": "x = 1\n",
        "bad-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun = bad:main\n",
        "bad-1.0.data/scripts/tool": "#!python\n",
    }
    return make_wheel(tmp_path_factory.mktemp("wheels"), "bad", files).read_bytes()


@fuzzed(200)
@given(data=st.data())
def test_a_damaged_wheel_is_installed_or_refused(good: bytes, data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder, "bad-1.0-py3-none-any.whl")
        wheel.write_bytes(data.draw(mangled(good)))
        install(wheel)


@pytest.mark.parametrize("name", ["../../escaped", "/escaped", "a/b", ".."])
def test_an_entry_point_is_a_file_name(tmp_path: Path, name: str) -> None:
    points = f"[console_scripts]\n{name} = bad:main\n"
    wheel = make_wheel(tmp_path, "bad", {"bad-1.0.dist-info/entry_points.txt": points})

    with pytest.raises(SandboxError, match="its entry point '.*' is not a file name"):
        install_wheel(WheelArchive(wheel), PLACES)


def test_a_record_may_name_files_that_are_not_there(tmp_path: Path) -> None:
    rows = "../../../etc/passwd,sha256=AAAA,1\n/etc/passwd,,\nbad-1.0.dist-info/RECORD,,\n"
    wheel = make_wheel(tmp_path, "bad", {})
    with zipfile.ZipFile(wheel) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept["bad-1.0.dist-info/RECORD"] = (kept["bad-1.0.dist-info/RECORD"].decode() + rows).encode()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)

    install(wheel)
