"""The command line that all modules which build a layer share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Dict, Iterable, Tuple

from oci.format.packages import Package
from oci.sandbox.layer_writer import Entry, write_layer


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with `--output`, `--codec` and `--tools`; add the module's own arguments."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--output", type=Path, required=True, help="folder to write")
    result.add_argument("--codec", choices=["gzip", "zstd"], required=True)
    result.add_argument("--tools", type=Path, required=True, help="root of the toolchain")
    return result


def toolchain_env() -> Dict[str, str]:
    """The environment that runs programs of the toolchain: the one this process runs in."""
    return dict(os.environ)


def host_env() -> Dict[str, str]:
    """The environment that runs programs of the host: nothing of the toolchain is in it."""
    ours = ("LD_LIBRARY_PATH", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def write(args: argparse.Namespace, entries: Iterable[Entry], packages: Iterable[Package]) -> None:
    """Write the layer as the command line says."""
    tools: Tuple[Path, Dict[str, str]] = (args.tools / "usr/bin", toolchain_env())
    write_layer(entries, packages, args.output, args.codec, tools)
