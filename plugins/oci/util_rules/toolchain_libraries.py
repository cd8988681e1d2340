"""Libraries that speak HTTP, for code that runs in the toolchain's Python.

Debian ships pip's own libraries as wheels, `requests` among them, and the toolchain has pip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.toolchain import TOOLCHAIN_MOUNT, LayerToolchain
from oci.util_rules.toolchain import ToolchainError
from pants.engine.fs import DigestSubset, PathGlobs, Snapshot
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule


@dataclass(frozen=True)
class ToolchainLibraries:
    """Where the libraries lie in a sandbox that has the toolchain."""

    path_entries: tuple[str, ...]
    """Entries of PYTHONPATH."""


@rule
async def toolchain_libraries(tools: LayerToolchain) -> ToolchainLibraries:
    wheels = await Get(
        Snapshot,
        DigestSubset(tools.toolchain.digest, PathGlobs(["usr/share/python-wheels/*.whl"])),
    )
    if not wheels.files:
        raise ToolchainError(
            "The target of `[oci].toolchain` has no pip, whose libraries talk to package indexes "
            "and registries. Add 'python-pip-whl', 'python3-distutils' and 'python3-lib2to3' to "
            "its packages."
        )
    return ToolchainLibraries(tuple(f"{TOOLCHAIN_MOUNT}/{path}" for path in wheels.files))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
