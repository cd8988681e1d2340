"""Turns `debian_toolchain` targets into trees of programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from debian.target_types import DebianResolveField, ToolchainPackagesField
from debian.util_rules.fetch import FetchedPackages, FetchRequest
from debian.util_rules.locks import DebianResolveLock
from debian.util_rules.scripts import BASH, SCRIPT_ENV, script
from locks.util_rules.reading import LockRequest
from oci.toolchain import Toolchain, ToolchainFieldSet
from oci.util_rules.layer_process import REMOTE_CACHE_PATIENCE, BuildStepError
from oci.util_rules.messages import message
from pants.core.util_rules.environments import EnvironmentField
from pants.engine.fs import CreateDigest, Digest, MergeDigests, RemovePrefix
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

_PYTHON = re.compile(r"python3\.\d+-minimal")


@dataclass(frozen=True)
class DebianToolchainFieldSet(ToolchainFieldSet):
    required_fields = (ToolchainPackagesField, DebianResolveField)

    packages: ToolchainPackagesField
    resolve: DebianResolveField
    environment: EnvironmentField


@rule(desc="Unpack a toolchain", level=LogLevel.DEBUG)
async def unpack_toolchain(field_set: DebianToolchainFieldSet) -> Toolchain:
    locked = await Get(
        DebianResolveLock, LockRequest, LockRequest.of(field_set.address, field_set.resolve)
    )
    names = locked.names(field_set.address, field_set.packages.value or (), None)
    fetched = await Get(
        FetchedPackages,
        FetchRequest(tuple(locked.package(name) for name in names), locked.path, locked.command),
    )
    code = await Get(Digest, CreateDigest([script("unpack.sh")]))
    description = f"Unpack toolchain {field_set.address}"
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(BASH, "unpack.sh"),
            input_digest=await Get(Digest, MergeDigests([code, fetched.digest])),
            env=FrozenDict(SCRIPT_ENV),
            output_directories=("tree",),
            remote_cache_speculation_delay_millis=REMOTE_CACHE_PATIENCE,
            description=description,
            level=LogLevel.DEBUG,
        ),
    )
    if result.exit_code != 0:
        reason = message(description, result)
        raise BuildStepError(f"{field_set.address}: a package cannot be unpacked: {reason}")
    pythons = sorted(name for name in names if _PYTHON.fullmatch(name))
    multiarch = locked.lock.platform.multiarch
    return Toolchain(
        digest=await Get(Digest, RemovePrefix(result.output_digest, "tree")),
        python=f"usr/bin/{pythons[-1].rpartition('-')[0]}" if pythons else "",
        library_path=(f"lib/{multiarch}", f"usr/lib/{multiarch}"),
        python_home="usr",
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(ToolchainFieldSet, DebianToolchainFieldSet)]
