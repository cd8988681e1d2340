"""`generate-lockfiles` for resolves of Python packages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Iterable

from locks.lock import LockError
from oci.toolchain import TOOLCHAIN_MOUNT, LayerToolchain
from oci.util_rules.layer_process import ToolProcess
from packaging.version import Version
from pants.core.goals.generate_lockfiles import (
    GenerateLockfile,
    GenerateLockfileResult,
    GenerateLockfilesSubsystem,
    KnownUserResolveNames,
    KnownUserResolveNamesRequest,
    LockfileDiff,
    LockfilePackages,
    RequestedUserResolveNames,
    UserGenerateLockfiles,
)
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, PathGlobs
from pants.engine.process import FallibleProcessResult, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.lock import WheelLock
from wheels.resolve import WheelResolve
from wheels.solution import make_lock
from wheels.subsystem import WheelsSubsystem
from wheels.util_rules.fetch import TOOLS_MOUNT, IndexClient, ToolWheels, ToolWheelsRequest
from wheels.util_rules.lockfile import WheelResolves

_REQUEST = "request.json"
_SOLUTION = "solution.json"
_CACHE = "__uv_cache"


@dataclass(frozen=True)
class GenerateWheelLock(GenerateLockfile):
    resolve: WheelResolve

    start_from: str = ""
    """Path of another lock, whose versions are kept where they can be, for one that is new."""


class KnownWheelResolveNamesRequest(KnownUserResolveNamesRequest):
    pass


class RequestedWheelResolveNames(RequestedUserResolveNames):
    pass


@rule
async def known_resolves(
    _: KnownWheelResolveNamesRequest, resolves: WheelResolves
) -> KnownUserResolveNames:
    return KnownUserResolveNames(
        names=tuple(sorted(resolves.by_name)),
        option_name="targets such as `wheel_requirements`",
        requested_resolve_names_cls=RequestedWheelResolveNames,
    )


@rule
async def requested_locks(
    requested: RequestedWheelResolveNames,
    resolves: WheelResolves,
    options: WheelsSubsystem,
    goal: GenerateLockfilesSubsystem,
) -> UserGenerateLockfiles:
    return UserGenerateLockfiles(
        GenerateWheelLock(
            resolve_name=name,
            lockfile_dest=options.lockfile(name),
            diff=goal.diff,
            resolve=resolves.by_name[name],
        )
        for name in requested
    )


def _end_of(date: str) -> str:
    # uv takes a date for one in the machine's time zone.
    return f"{date}T23:59:59Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) else date


def _previous(path: str, contents: DigestContents) -> WheelLock | None:
    """The lock that is about to be replaced; a broken one has nothing to go by."""
    try:
        return WheelLock.from_json(path, contents[0].content, "") if contents else None
    except LockError:
        return None


def _versions(lock: WheelLock | None) -> LockfilePackages:
    distributions = lock.distributions.values() if lock else ()
    return LockfilePackages({each.name: Version(each.version) for each in distributions})


def _solver_request(path: str, resolve: WheelResolve, previous: WheelLock | None) -> bytes:
    kept = previous.distributions.values() if previous else ()
    request = {
        "lock": path,
        "resolve": resolve.name,
        "requirements": resolve.requirements,
        "constraints": resolve.constraints,
        "exclude_newer": _end_of(resolve.exclude_newer),
        "python_version": resolve.python_version,
        "platform": resolve.platform,
        "preferences": [f"{each.name}=={each.version}" for each in kept],
    }
    return json.dumps(request, sort_keys=True).encode()


@rule(desc="Lock Python packages", level=LogLevel.DEBUG)
async def generate_lock(
    request: GenerateWheelLock, client: IndexClient, toolchain: LayerToolchain
) -> GenerateLockfileResult:
    path = request.lockfile_dest
    old, libraries, solver = await MultiGet(
        Get(DigestContents, PathGlobs([request.start_from or path])),
        Get(ToolWheels, ToolWheelsRequest(("tomli",))),
        Get(ToolWheels, ToolWheelsRequest(("uv",))),
    )
    previous = _previous(path, old)
    content = _solver_request(path, request.resolve, previous)
    result = await Get(
        FallibleProcessResult,
        ToolProcess(
            module="wheels.sandbox.solve",
            args=(
                f"--request={_REQUEST}",
                f"--uv={solver.path_entries[0].replace(TOOLS_MOUNT, '__uv', 1)}",
                f"--cache={_CACHE}",
                f"--python={{chroot}}/{TOOLCHAIN_MOUNT}/{toolchain.toolchain.python}",
                f"--output={_SOLUTION}",
            ),
            description=f"Resolve the packages of {path}",
            input_digest=await Get(Digest, CreateDigest([FileContent(_REQUEST, content)])),
            immutable_input_digests=FrozenDict(
                {TOOLS_MOUNT: libraries.digest, "__uv": solver.digest}
            ),
            output_files=(_SOLUTION,),
            path_entries=(*client.path_entries, *libraries.path_entries),
            append_only_caches=FrozenDict({"wheels_uv": _CACHE, **client.append_only_caches}),
            # What the index said in an earlier run is no answer.
            cache_scope=ProcessCacheScope.PER_SESSION,
        ),
    )
    (solution,) = await Get(DigestContents, Digest, result.output_digest)
    lock = make_lock(request.resolve, json.loads(solution.content))
    digest = await Get(Digest, CreateDigest([FileContent(path, lock.to_json())]))
    diff = None
    if request.diff:
        diff = LockfileDiff.create(
            path, request.resolve_name, old=_versions(previous), new=_versions(lock)
        )
    return GenerateLockfileResult(digest, request.resolve_name, path, diff)


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(GenerateLockfile, GenerateWheelLock),
        UnionRule(KnownUserResolveNamesRequest, KnownWheelResolveNamesRequest),
        UnionRule(RequestedUserResolveNames, RequestedWheelResolveNames),
    ]
