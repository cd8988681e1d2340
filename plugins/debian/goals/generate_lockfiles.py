"""`generate-lockfiles` for resolves of Debian packages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Iterable

from debian.lock import DebianLock
from debian.solution import make_lock
from debian.subsystem import DebianSubsystem
from debian.target_types import (
    DebianBaseField,
    DebianPackagesField,
    DebianResolveField,
    ToolchainPackagesField,
)
from debian.util_rules.lockfile import resolve_of, single_base
from debian.util_rules.scripts import BASH, SCRIPT_ENV, machine_settings, script
from debian.version import DebianVersion
from locks.lock import LockError
from oci.format.platform import PLATFORM
from oci.util_rules.machine_settings import MachineSettings, MachineSettingsRequest
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
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent, PathGlobs
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class SolveTarget:
    """What a target wants of its resolve."""

    address: Address
    requests: tuple[str, ...]
    base: Address | None

    alone: bool
    """Whether the packages come without what they depend on."""


@dataclass(frozen=True)
class GenerateDebianLock(GenerateLockfile):
    suite: str
    targets: tuple[SolveTarget, ...]
    """A base before what stands on it."""


class KnownDebianResolveNamesRequest(KnownUserResolveNamesRequest):
    pass


class RequestedDebianResolveNames(RequestedUserResolveNames):
    pass


@rule
def known_resolves(
    _: KnownDebianResolveNamesRequest, options: DebianSubsystem
) -> KnownUserResolveNames:
    return KnownUserResolveNames(
        names=tuple(sorted(options.resolves)),
        option_name=f"[{options.options_scope}].resolves",
        requested_resolve_names_cls=RequestedDebianResolveNames,
    )


def bases_first(resolve: str, targets: dict[Address, SolveTarget]) -> tuple[SolveTarget, ...]:
    """The targets of a resolve, each after its base.

    Raises:
        InvalidFieldException: a base is of another kind or resolve, or bases form a circle.
    """
    ordered: dict[Address, SolveTarget] = {}

    def add(target: SolveTarget, above: tuple[Address, ...]) -> None:
        if target.address in above:
            raise InvalidFieldException(f"{target.address}: `base` leads back to the target.")
        if target.address in ordered:
            return
        if target.base:
            if target.base not in targets or targets[target.base].alone:
                raise InvalidFieldException(
                    f"{target.address}: `base` names {target.base}, which is no `debian_layer` of "
                    f"the resolve '{resolve}'. Name one of the same resolve."
                )
            add(targets[target.base], (*above, target.address))
        ordered[target.address] = target

    for _, target in sorted(targets.items(), key=lambda item: item[0].spec):
        add(target, ())
    return tuple(ordered.values())


@rule
async def requested_locks(
    requested: RequestedDebianResolveNames,
    all_targets: AllTargets,
    options: DebianSubsystem,
    goal: GenerateLockfilesSubsystem,
) -> UserGenerateLockfiles:
    ours = [target for target in all_targets if target.has_field(DebianResolveField)]
    bases = await MultiGet(
        Get(
            Addresses,
            UnparsedAddressInputs,
            target.get(DebianBaseField).to_unparsed_address_inputs(),
        )
        for target in ours
    )
    wanted: dict[str, dict[Address, SolveTarget]] = {resolve: {} for resolve in requested}
    for target, base in zip(ours, bases):
        resolve = resolve_of(target.address, target[DebianResolveField], options)
        if resolve in wanted:
            wanted[resolve][target.address] = SolveTarget(
                address=target.address,
                requests=target[DebianPackagesField].value or (),
                base=single_base(target.address, base),
                alone=target.has_field(ToolchainPackagesField),
            )
    return UserGenerateLockfiles(
        GenerateDebianLock(
            resolve_name=resolve,
            lockfile_dest=options.lockfile(resolve),
            diff=goal.diff,
            suite=options.resolves[resolve],
            targets=bases_first(resolve, wanted[resolve]),
        )
        for resolve in requested
    )


def _wanted(targets: tuple[SolveTarget, ...]) -> str:
    numbers = {target.address: number for number, target in enumerate(targets)}
    lines = []
    for target in targets:
        words = [
            str(numbers[target.address]),
            "toolchain" if target.alone else "layer",
            str(numbers[target.base]) if target.base else "-",
            str(target.address),
            *target.requests,
        ]
        lines.append(" ".join(words))
    return "".join(f"{line}\n" for line in lines)


def _versions(lock: DebianLock) -> LockfilePackages:
    return LockfilePackages(
        {name: DebianVersion(package.version) for name, package in lock.packages.items()}
    )


@rule(desc="Lock Debian packages", level=LogLevel.DEBUG)
async def generate_lock(
    request: GenerateDebianLock, options: DebianSubsystem
) -> GenerateLockfileResult:
    path = request.lockfile_dest
    if not request.targets:
        raise LockError(
            f"No target has `resolve='{request.resolve_name}'`, so {path} would be empty: give a "
            "`debian_layer` this resolve, or remove it from `[debian].resolves`."
        )
    settings = await Get(MachineSettings, MachineSettingsRequest, machine_settings(options))
    inputs = await Get(
        Digest,
        CreateDigest(
            [
                script("archives.sh"),
                script("solve.sh"),
                FileContent("wanted", _wanted(request.targets).encode()),
            ]
        ),
    )
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(BASH, "solve.sh", request.suite, PLATFORM.architecture),
            input_digest=inputs,
            env=FrozenDict(SCRIPT_ENV),
            append_only_caches=settings.append_only_caches,
            output_directories=("solved",),
            description=f"Resolve the packages of {path}",
            level=LogLevel.INFO,
            # The archive moves on, so what it said in an earlier run is no answer.
            cache_scope=ProcessCacheScope.PER_SESSION,
        ),
    )
    if result.exit_code != 0:
        raise LockError(result.stderr.decode(errors="replace").strip())
    solved, old = await MultiGet(
        Get(DigestContents, Digest, result.output_digest), Get(DigestContents, PathGlobs([path]))
    )
    lock = make_lock(
        request.suite,
        {PurePath(file.path).name: file.content.decode() for file in solved},
        [
            (str(target.address), target.requests, str(target.base) if target.base else None)
            for target in request.targets
        ],
    )
    digest = await Get(Digest, CreateDigest([FileContent(path, lock.to_json())]))
    diff = None
    if request.diff:
        diff = LockfileDiff.create(
            path, request.resolve_name, old=_previous(path, old), new=_versions(lock)
        )
    return GenerateLockfileResult(digest, request.resolve_name, path, diff)


def _previous(path: str, contents: DigestContents) -> LockfilePackages:
    """Versions in the lock that is about to be replaced; a broken one holds nothing to compare."""
    try:
        return (
            _versions(DebianLock.from_json(path, contents[0].content, ""))
            if contents
            else LockfilePackages({})
        )
    except LockError:
        return LockfilePackages({})


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(GenerateLockfile, GenerateDebianLock),
        UnionRule(KnownUserResolveNamesRequest, KnownDebianResolveNamesRequest),
        UnionRule(RequestedUserResolveNames, RequestedDebianResolveNames),
    ]
