"""Builds the wheel of a project with flit_core, in this process."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from flit_core import buildapi  # type: ignore[import]
from oci.sandbox.errors import SandboxError
from oci.sandbox.parents import DIRECTORY_MTIME


def build_project(project: Path, work: Path) -> Path:
    """Build a project; return its wheel.

    Args:
        project: Folder of its pyproject.toml and sources. It is not changed.
        work: A new folder.

    Raises:
        SandboxError: it is not a project of flit_core.
    """
    sources, output = work.absolute() / "sources", work.absolute() / "wheel"
    output.mkdir(parents=True)
    # Modes in a build sandbox are not those of the repository, and modules are not programs.
    for path in sorted(project.rglob("*")):
        if path.is_file():
            target = sources / path.relative_to(project)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o644)
    before = Path.cwd()
    # No date of a release, as layers are shared by releases.
    os.environ["SOURCE_DATE_EPOCH"] = str(DIRECTORY_MTIME)
    os.chdir(sources)
    try:
        return output / buildapi.build_wheel(str(output))
    except (OSError, ValueError) as error:
        raise SandboxError(f"pyproject.toml: the project cannot be built, {error}.") from None
    finally:
        os.chdir(before)
