"""Builds the wheel of a source distribution in a build root.

Everything that a build can see is fixed: the root, the path of the sources, the clock that it
should use, the hash seed. There is no network, so nothing unlocked enters.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path
from typing import Dict, List

import tomli
from oci.sandbox.errors import SandboxError, run
from wheels.sandbox import source_archive
from wheels.sandbox.build_root import WORK, BuildRoot

# What PEP 517 says of a tree that names no backend.
_LEGACY = "setuptools.build_meta:__legacy__"


def backend(sources: Path) -> List[str]:
    """The build backend of a source tree, and the folders of the tree that it is found in.

    Source: PEP 517, "Source trees" and "In-tree build backends".

    Raises:
        ValueError: pyproject.toml is not TOML, or names no backend in its `build-system`.
    """
    path = sources / "pyproject.toml"
    if not path.is_file():
        return [_LEGACY]
    try:
        system = tomli.loads(path.read_bytes().decode()).get("build-system", {})
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its pyproject.toml is not TOML ({error})") from None
    if not isinstance(system, dict):
        raise ValueError(f"in its pyproject.toml, `build-system` is {system!r:.80}, not a table")
    name, paths = system.get("build-backend", _LEGACY), system.get("backend-path", [])
    if not isinstance(name, str) or not name:
        raise ValueError(f"in its pyproject.toml, `build-backend` is {name!r:.80}, not a name")
    if not isinstance(paths, list) or not all(isinstance(each, str) for each in paths):
        raise ValueError(f"in its pyproject.toml, `backend-path` is {paths!r:.80}, not folders")
    return [name, *paths]


def check_version(sdist: str, wheel: str) -> None:
    """Refuse a wheel of another version than its sources have, by their file names.

    A build backend that cannot find the version makes one up, such as 0.0.0.

    Raises:
        SandboxError: it is.
    """

    def plain(version: str) -> str:
        return re.sub(r"[^0-9a-z]", "", version.lower())

    source = re.sub(r"\.(tar\.\w+|tgz|zip)$", "", sdist).rpartition("-")[2]
    built = wheel.split("-")[1]
    if plain(source) != plain(built):
        raise SandboxError(
            f"The source distribution {sdist} builds version {built}, not {source}: add what it "
            "takes its version from, such as `python3-setuptools-scm`, to the packages of the "
            "build root, or lock another version."
        )


def _env(newest: int) -> Dict[str, str]:
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": WORK,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": str(newest),
        # Debug information is the one place where compilers write paths.
        "CFLAGS": "-g0",
    }


def build(sdist: Path, root: BuildRoot, python: str, work: Path) -> Path:
    """Build a source distribution in `work`, an empty folder; return the wheel.

    Raises:
        SandboxError: it does not build.
    """
    sources, newest = source_archive.unpack(sdist, work / "src")
    try:
        words = backend(sources)
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SandboxError(
            f"The source distribution {sdist.name} does not build, {reason}: lock another version."
        ) from None
    # The path is visible in what a build writes: it must not hold the archive's own name twice.
    (work / "out").mkdir()
    worker = Path(__file__).with_name("call_backend.py").read_text()
    inside = f"{WORK}/src/{sources.name}"
    command = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", inside]
    command += [python, "-s", "-c", worker, f"{WORK}/out", *words]
    try:
        output = root.run(command, work, _env(newest))
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.output.splitlines() if line.strip()]
        raise SandboxError(
            f"The source distribution {sdist.name} does not build: {lines[-1] if lines else error} "
            "Add what it needs to the packages of the build root, or lock another version. Its "
            f"last lines:\n  " + "\n  ".join(lines[-20:])
        ) from None
    wheels = list((work / "out").glob("*.whl"))
    if len(wheels) != 1:
        raise SandboxError(
            f"The source distribution {sdist.name} builds no wheel, its backend says: "
            f"{output.strip()[-500:]}"
        )
    check_version(sdist.name, wheels[0].name)
    return wheels[0]


def main() -> None:
    """Build one source distribution."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdist", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True, help="the build root's layer")
    parser.add_argument("--root-name", required=True, help="what the root is cached under")
    parser.add_argument("--cache", type=Path, required=True, help="folder of unpacked roots")
    parser.add_argument("--tools", type=Path, required=True, help="root of the toolchain")
    parser.add_argument("--python", required=True, help="the interpreter in the build root")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    root = BuildRoot(args.root, args.root_name, args.cache, args.tools / "usr/bin")
    work = Path("work")
    work.mkdir()
    wheel = build(args.sdist, root, args.python, work)
    args.output.mkdir(parents=True, exist_ok=True)
    wheel.rename(args.output / wheel.name)


if __name__ == "__main__":
    run(main)
