"""Image layers of locked Debian packages: add `debian` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from debian.goals import generate_lockfiles
from debian.target_types import DebianLayerTarget, DebianToolchainTarget
from debian.util_rules import fetch, lockfile, lockfile_targets, rootfs_layer, toolchain


def target_types():
    return [DebianLayerTarget, DebianToolchainTarget]


def rules():
    return [
        *fetch.rules(),
        *generate_lockfiles.rules(),
        *lockfile.rules(),
        *lockfile_targets.rules(),
        *rootfs_layer.rules(),
        *toolchain.rules(),
    ]
