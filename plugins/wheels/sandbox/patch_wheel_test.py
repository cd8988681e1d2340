from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from oci.sandbox.errors import SandboxError
from wheels.sandbox.patch_wheel import PatchedWheel
from wheels.sandbox.patches import Patch
from wheels.sandbox.wheel_archive import WheelArchive
from wheels.testutil import make_wheel

CHANGE = """\
--- a/demo_app/main.py
+++ b/demo_app/main.py
@@ -1 +1 @@
-print("old")
+print("new")
"""


def demo(tmp_path: Path, version: str = "1.0") -> WheelArchive:
    files = {
        "demo_app/main.py": 'print("old")\n',
        "demo_app/run.sh": "#!/bin/sh\n",
        f"demo_app-{version}.data/data/share/demo": "data\n",
    }
    executables = frozenset({"demo_app/run.sh"})
    return WheelArchive(
        make_wheel(tmp_path, "demo_app", files, version=version, executables=executables)
    )


def patched(wheel: WheelArchive, patch: str, folder: Path) -> WheelArchive:
    result = PatchedWheel(wheel)
    result.apply(Patch("fixes/1.patch", patch.encode()))
    folder.mkdir()
    return WheelArchive(result.write("astro.1", folder))


def new_file(path: str) -> str:
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,1 @@\n+data\n"


def test_the_result_is_a_wheel_of_the_local_version(tmp_path: Path) -> None:
    wheel = patched(demo(tmp_path), CHANGE, tmp_path / "out")

    assert wheel.file == "demo_app-1.0+astro.1-py3-none-any.whl"
    assert (wheel.name, wheel.version) == ("demo-app", "1.0+astro.1")
    assert "\nVersion: 1.0+astro.1\n" in wheel.source.read_dist_info("METADATA")
    assert wheel.read("demo_app/main.py") == b'print("new")\n'
    assert wheel.read("demo_app-1.0+astro.1.data/data/share/demo") == b"data\n"
    assert not any(name.startswith("demo_app-1.0.") for name in wheel.zip.namelist())


def test_what_is_not_patched_keeps_content_time_and_mode(tmp_path: Path) -> None:
    before = demo(tmp_path)
    after = patched(before, CHANGE, tmp_path / "out")
    old, new = (wheel.zip.getinfo("demo_app/run.sh") for wheel in (before, after))

    assert (old.date_time, old.external_attr, old.CRC) == (
        new.date_time,
        new.external_attr,
        new.CRC,
    )


def test_the_same_patches_give_the_same_bytes(tmp_path: Path) -> None:
    wheel = demo(tmp_path)
    first, second = (patched(wheel, CHANGE, tmp_path / name) for name in ("first", "second"))

    contents = [Path(str(each.zip.filename)).read_bytes() for each in (first, second)]
    assert contents[0] == contents[1]


def test_a_patch_can_add_a_file_to_a_package(tmp_path: Path) -> None:
    wheel = patched(demo(tmp_path), new_file("demo_app/data/new.txt"), tmp_path / "out")

    assert wheel.read("demo_app/data/new.txt") == b"data\n"


def test_patches_stand_on_each_other(tmp_path: Path) -> None:
    wheel = PatchedWheel(demo(tmp_path))
    wheel.apply(Patch("fixes/1.patch", CHANGE.encode()))
    second = CHANGE.replace("new", "newer").replace("old", "new")
    wheel.apply(Patch("fixes/2.patch", second.encode()))

    result = WheelArchive(wheel.write("astro.1", tmp_path))
    assert result.read("demo_app/main.py") == b'print("newer")\n'


@pytest.mark.parametrize(
    "path",
    [
        "other/new.txt",
        "demo_app/../../new.txt",
        "demo_app-1.0.dist-info/entry_points.txt",
        "demo_app-1.0.data/scripts/new",
        "tests/test_main.py",
    ],
)
def test_a_patch_touches_only_the_distribution_s_packages(tmp_path: Path, path: str) -> None:
    with pytest.raises(SandboxError, match="is not a file of a package in demo_app-1.0"):
        patched(demo(tmp_path), new_file(path), tmp_path / "out")


def test_metadata_is_not_patched(tmp_path: Path) -> None:
    patch = CHANGE.replace("demo_app/main.py", "demo_app-1.0.dist-info/METADATA")
    patch = patch.replace('print("old")', "Version: 1.0").replace('print("new")', "Version: 2.0")

    with pytest.raises(SandboxError, match="METADATA is not a file of a package"):
        patched(demo(tmp_path), patch, tmp_path / "out")


def test_a_local_version_is_not_put_behind_another(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"its version 1.0\+x is a local one already"):
        patched(demo(tmp_path, version="1.0+x"), CHANGE, tmp_path / "out")


def test_a_file_that_the_wheel_s_record_denies_is_not_taken_over(tmp_path: Path) -> None:
    path = make_wheel(
        tmp_path,
        "demo_app",
        {"demo_app/main.py": 'print("old")\n'},
        record={"demo_app/main.py": "sha256=x"},
    )

    with pytest.raises(SandboxError, match="main.py is not what its RECORD says"):
        patched(WheelArchive(path), CHANGE, tmp_path / "out")


def test_nothing_is_left_out(tmp_path: Path) -> None:
    before = demo(tmp_path)
    after = patched(before, CHANGE, tmp_path / "out")

    renamed = {
        name.replace("demo_app-1.0.", "demo_app-1.0+astro.1.") for name in before.zip.namelist()
    }
    assert set(after.zip.namelist()) == renamed
    with zipfile.ZipFile(str(after.zip.filename)) as archive:
        assert archive.testzip() is None
