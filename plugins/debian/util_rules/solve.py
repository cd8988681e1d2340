"""Asks apt what a new lock of Debian packages holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Iterable

from debian.kind import SolveDebian
from debian.solution import make_lock
from debian.subsystem import DebianSubsystem
from debian.target_types import (
    DebianBaseField,
    DebianPackagesField,
    DebianResolveField,
    ToolchainPackagesField,
)
from debian.util_rules.locks import single_base
from debian.util_rules.scripts import BASH, SCRIPT_ENV, machine_settings, script
from locks.kind import Solve, Solved
from locks.lock import LockError
from oci.util_rules.machine_settings import MachineSettings, MachineSettingsRequest
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
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
                    f"{target.address}: `base` names {target.base}, which is not a `debian_layer` "
                    f"of the resolve '{resolve}'. Name one of the same resolve."
                )
            add(targets[target.base], (*above, target.address))
        ordered[target.address] = target

    for _, target in sorted(targets.items(), key=lambda item: item[0].spec):
        add(target, ())
    return tuple(ordered.values())


async def _targets(resolve: str, all_targets: AllTargets) -> tuple[SolveTarget, ...]:
    ours = [
        target
        for target in all_targets
        if target.has_field(DebianResolveField) and target[DebianResolveField].value == resolve
    ]
    bases = await MultiGet(
        Get(
            Addresses,
            UnparsedAddressInputs,
            target.get(DebianBaseField).to_unparsed_address_inputs(),
        )
        for target in ours
    )
    wanted = {
        target.address: SolveTarget(
            address=target.address,
            requests=target[DebianPackagesField].value or (),
            base=single_base(target.address, base),
            alone=target.has_field(ToolchainPackagesField),
        )
        for target, base in zip(ours, bases)
    }
    return bases_first(resolve, wanted)


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


@rule(desc="Lock Debian packages", level=LogLevel.DEBUG)
async def solve(request: SolveDebian, options: DebianSubsystem, all_targets: AllTargets) -> Solved:
    path, platform = request.path, request.resolve.platform
    targets = await _targets(request.resolve.name, all_targets)
    if not targets:
        raise LockError(
            f"No target has `resolve='{request.resolve.name}'`, so {path} would be empty: give a "
            "`debian_layer` this resolve, or remove it from `[debian].resolves`."
        )
    settings = await Get(MachineSettings, MachineSettingsRequest, machine_settings(options))
    inputs = await Get(
        Digest,
        CreateDigest(
            [
                script("archives.sh"),
                script("solve.sh"),
                FileContent("wanted", _wanted(targets).encode()),
            ]
        ),
    )
    result = await Get(
        FallibleProcessResult,
        Process(
            argv=(BASH, "solve.sh", platform.suite, platform.architecture),
            input_digest=inputs,
            env=FrozenDict(SCRIPT_ENV),
            append_only_caches=settings.append_only_caches,
            output_directories=("solved",),
            description=f"Resolve the packages of {path}",
            level=LogLevel.INFO,
            # The archive moves on, so what it said in an earlier run is not an answer.
            cache_scope=ProcessCacheScope.PER_SESSION,
        ),
    )
    if result.exit_code != 0:
        raise LockError(result.stderr.decode(errors="replace").strip())
    solved = await Get(DigestContents, Digest, result.output_digest)
    return Solved(
        make_lock(
            platform.suite,
            {PurePath(file.path).name: file.content.decode() for file in solved},
            [
                (str(target.address), target.requests, str(target.base) if target.base else None)
                for target in targets
            ],
        )
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(Solve, SolveDebian)]
