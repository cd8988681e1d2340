"""Builds a layer of Debian packages.

usage: rootfs_layer.py --output DIR --codec CODEC --tools DIR PLAN DEBS BASES INTERPRETER

PLAN is the JSON of `debian.sandbox.plan`, DEBS a folder of package files, BASES a folder with a
folder for each layer below, `0` being the lowest: its blob and its list of paths, INTERPRETER the
JSON of `oci.sandbox.interpreter`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, Dict, List

from debian.sandbox import accounts, bootstrap, image_files
from debian.sandbox.difference import difference
from debian.sandbox.normal_paths import belongs, excluder, link_target
from debian.sandbox.ownership import with_licences, with_owners
from debian.sandbox.plan import Plan
from debian.sandbox.python_files import bytecode_entries, interpreter_version
from debian.sandbox.rootfs_tar import read_entries
from debian.sandbox.status import with_records
from oci.format import mtree
from oci.format.mtree import PathInfo
from oci.sandbox import layer_args
from oci.sandbox.errors import SandboxError, run
from oci.sandbox.interpreter import Interpreter
from oci.sandbox.layer_writer import BLOB, PATHS, Entry, file_entry

_EXAMPLE = "usr/share/doc/apt/examples/sources.list"
_STATUS = "var/lib/dpkg/status"
_OS_RELEASE = "usr/lib/os-release"
_GZIP = b"\x1f\x8b"


def _layers_below(bases: Path, plan: Plan) -> List[Path]:
    return [bases / str(number) for number in range(len(plan.bases))]


def _decompress(blob: Path, tar: Path, tools: Path) -> None:
    # Unbuffered: the program reads on from where the file stands.
    with blob.open("rb", buffering=0) as compressed, tar.open("wb") as plain:
        program = "igzip" if compressed.read(2) == _GZIP else "zstd"
        compressed.seek(0)
        code = subprocess.run(
            [str(tools / "usr/bin" / program), "-d", "-c"],
            stdin=compressed,
            stdout=plain,
            env=layer_args.toolchain_env(),
        ).returncode
    if code:
        raise SandboxError(f"The layer below, {blob}, cannot be unpacked: status {code}.")


def _unpack_script(layers: List[Path], folder: Path, tools: Path) -> str:
    """Shell that unpacks the layers below into the system whose folder is its first argument."""
    # The installation has its own sources, and must find packages where apt puts them.
    excludes = [*image_files.TEXTS, image_files.SOURCES]
    options = " ".join(f"--exclude={path}" for path in excludes)
    lines = []
    for number, layer in enumerate(layers):
        tar = folder / f"{number}.tar"
        _decompress(layer / BLOB, tar, tools)
        lines.append(
            'tar -C "$1" --extract --numeric-owner --same-permissions --xattrs '
            f"--xattrs-include='*' --anchored {options} --file='{tar}'\n"
        )
    return "".join(lines)


def _install(plan: Plan, debs: Path, layers: List[Path], tools: Path, tar: Path) -> None:
    env = {**layer_args.host_env(), "SOURCE_DATE_EPOCH": str(plan.epoch)}
    bootstrap.check_tools(env["PATH"])
    packages = sorted(debs.glob("*.deb"))
    inputs = [*packages, *(layer / BLOB for layer in layers)]
    with bootstrap.workspace(sum(path.stat().st_size for path in inputs)) as folder:
        env["TMPDIR"] = str(folder)
        repository = folder / "repository"
        bootstrap.make_repository(packages, repository, plan.suite, env)
        hooks = []
        for stage, script in {
            "setup": _unpack_script(layers, folder, tools),
            "essential": accounts.creation_script(plan.accounts, plan.epoch),
        }.items():
            path = folder / f"{stage}.sh"
            path.write_text(script)
            hooks.append(bootstrap.shell_hook(stage, path))
        bootstrap.install(plan.address, plan.suite, plan.packages, repository, hooks, tar, env)


def _text(entry: Entry) -> str:
    assert entry.open is not None
    with entry.open() as content:
        return content.read().decode()


def _system(plan: Plan, tar: BinaryIO) -> Dict[str, Entry]:
    """All of the installed system that belongs into layers, but for bytecode."""
    excluded = excluder(plan.excludes)

    def keep(path: str, is_directory: bool) -> bool:
        return path == _EXAMPLE or (belongs(path, is_directory) and not excluded(path))

    entries = {
        entry.path: entry
        for entry in read_entries(tar, plan.epoch, keep)
        # What refers to an excluded path goes with it.
        if entry.kind != "link" or not excluded(link_target(entry.path, entry.link))
    }
    example = entries.pop(_EXAMPLE, None)
    if not plan.bases:
        sources = _text(example) if example else ""
        texts = {
            **image_files.TEXTS,
            image_files.SOURCES: image_files.sources_list(sources, plan.suite, plan.suites),
        }
        for path, text in texts.items():
            mode = image_files.MODES.get(path, 0o644)
            entries[path] = file_entry(path, text.encode(), mode, plan.epoch)
    shadow = entries["etc/shadow"]
    text = accounts.normal_shadow(_text(shadow), plan.epoch)
    entries["etc/shadow"] = file_entry(
        shadow.path, text.encode(), shadow.mode, shadow.mtime, uid=shadow.uid, gid=shadow.gid
    )
    return entries


def _on_top(plan: Plan, system: Dict[str, Entry], layers: List[Path]) -> List[Entry]:
    """What of the system the layers below do not hold."""
    if not layers:
        return list(system.values())
    below: Dict[str, PathInfo] = {}
    for layer in layers:
        below.update((info.path, info) for info in mtree.loads((layer / PATHS).read_text()))
    settled = {*image_files.TEXTS, image_files.SOURCES}
    return difference(
        (entry for path, entry in system.items() if path not in settled),
        below,
        plan.address,
        plan.bases,
        settled.__contains__,
    )


def _bytecode(
    plan: Plan, system: Dict[str, Entry], layer: List[Entry], interpreter: Interpreter
) -> List[Entry]:
    version = interpreter_version(system.values())
    if not version:
        return []
    if version != interpreter.version:
        raise SandboxError(
            f"{plan.address}: its Python is {version}, and `packages` names none, so what compiles "
            f"its modules is Python {interpreter.version}: name `python{version}` in `packages`."
        )
    return bytecode_entries(layer, interpreter)


def main() -> None:
    parser = layer_args.parser(__doc__.splitlines()[0])
    parser.add_argument("plan", type=Path)
    parser.add_argument("debs", type=Path)
    parser.add_argument("bases", type=Path)
    parser.add_argument("interpreter", type=json.loads)
    args = parser.parse_args()
    # So that the folder in memory goes when the build is stopped.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    os.umask(0o022)
    plan = Plan.from_json(args.plan.read_bytes())
    layers = _layers_below(args.bases, plan)
    tar = Path("rootfs.tar").absolute()
    _install(plan, args.debs, layers, args.tools, tar)
    with tar.open("rb") as stream:
        system = _system(plan, stream)
        layer = with_owners(_on_top(plan, system, layers), system, plan.contents)
        layer_args.write(
            args,
            [*layer, *_bytecode(plan, system, layer, Interpreter.from_spec(args.interpreter))],
            with_records(
                with_licences(plan.contents, system),
                _text(system[_STATUS]),
                _text(system[_OS_RELEASE]),
            ),
        )
    tar.unlink()


if __name__ == "__main__":
    run(main)
