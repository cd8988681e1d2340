from __future__ import annotations

from pathlib import Path

import pytest
from oci.format.layout import read_layout
from oci.sandbox.errors import SandboxError, run


def test_an_error_of_a_build_step_is_one_line_and_an_exit_code() -> None:
    def main() -> None:
        raise SandboxError("a.lock: `size` is 3 and not 4. Correct it.")

    with pytest.raises(SystemExit, match="^a.lock: `size` is 3 and not 4. Correct it.$"):
        run(main)


def test_a_full_disk_is_told_with_the_fix() -> None:
    def fill() -> None:
        Path("/dev/full").write_text("x")

    # The device that answers every write as a full disk does. Source: full(4).
    with pytest.raises(SystemExit, match="^The disk is full. .*local_execution_root_dir"):
        run(fill)


def test_another_error_of_the_system_names_its_file(tmp_path: Path) -> None:
    def read() -> None:
        (tmp_path / "none").read_bytes()

    with pytest.raises(SystemExit, match=f"No such file or directory \\({tmp_path}/none\\)"):
        run(read)


def test_a_layout_that_is_none_is_told_as_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"^{tmp_path}/index.json: not a part of an OCI image"):
        run(lambda: print(read_layout(tmp_path)))
