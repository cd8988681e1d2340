"""Image layers of locked Debian packages: add `debian` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from debian.target_types import DebianLayerTarget, DebianToolchainTarget
from debian.util_rules import compilers, fetch, locks, rootfs_layer, solve, toolchain, uploads
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule


def target_types() -> Iterable[type[Target]]:
    return [DebianLayerTarget, DebianToolchainTarget]


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *compilers.rules(),
        *fetch.rules(),
        *locks.rules(),
        *rootfs_layer.rules(),
        *solve.rules(),
        *toolchain.rules(),
        *uploads.rules(),
    ]
