"""Image layers of locked Debian packages: add `debian` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from debian.goals import generate_lockfiles
from debian.target_types import DebianLayerTarget, DebianToolchainTarget
from debian.util_rules import fetch, lockfile, lockfile_targets, rootfs_layer, toolchain, uploads
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule


def target_types() -> Iterable[type[Target]]:
    return [DebianLayerTarget, DebianToolchainTarget]


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *fetch.rules(),
        *generate_lockfiles.rules(),
        *lockfile.rules(),
        *lockfile_targets.rules(),
        *rootfs_layer.rules(),
        *toolchain.rules(),
        *uploads.rules(),
    ]
