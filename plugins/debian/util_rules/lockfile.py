"""Reads the lock of a resolve, and holds it against the targets that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from debian.lock import DebianLock, LockedPackage
from debian.subsystem import DebianSubsystem
from debian.target_types import DebianResolveField
from locks.lock import LockError, generate_command
from oci.format.platform import PLATFORM
from pants.engine.addresses import Address, Addresses
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class LockRequest:
    """Asks for the lock of a resolve."""

    resolve: str


@dataclass(frozen=True)
class ResolveLock:
    """The lock of a resolve, and what messages about it say."""

    path: str
    command: str
    lock: DebianLock

    def names(
        self, address: Address, requests: tuple[str, ...], base: Address | None
    ) -> tuple[str, ...]:
        """Names of all packages that a target comes to.

        Raises:
            LockError: the target is not in the lock, or was edited since.
        """
        target = self.lock.targets.get(str(address))
        if target is None:
            raise LockError(
                f"{self.path}: the lock does not know the target {address}. Run `{self.command}`."
            )
        changes = []
        added = sorted(set(requests) - set(target.requests))
        removed = sorted(set(target.requests) - set(requests))
        if added:
            changes.append(f"{', '.join(added)} added to `packages`")
        if removed:
            changes.append(f"{', '.join(removed)} removed from `packages`")
        if target.base != (str(base) if base else None):
            changes.append(f"`base` changed from {target.base} to {base}")
        if changes:
            raise LockError(
                f"{self.path}: the lock is older than the target {address} "
                f"({'; '.join(changes)}). Run `{self.command}`."
            )
        return target.packages

    def package(self, name: str) -> LockedPackage:
        """A package of the lock.

        Raises:
            LockError: a target in the lock names a package that the lock lacks.
        """
        try:
            return self.lock.packages[name]
        except KeyError:
            raise LockError(
                f"{self.path}: `packages` lacks '{name}', which `targets` names. "
                f"Run `{self.command}`."
            ) from None


def resolve_of(address: Address, field: DebianResolveField, options: DebianSubsystem) -> str:
    """The resolve that a field names.

    Raises:
        InvalidFieldException: it is no key of `[debian].resolves`.
    """
    resolve = field.value
    assert resolve is not None
    if resolve not in options.resolves:
        known = ", ".join(sorted(options.resolves)) or "none"
        raise InvalidFieldException(
            f"{address}: `{field.alias}` is '{resolve}', which `[debian].resolves` does not have "
            f"(it has: {known}). Correct it, or add the resolve."
        )
    return resolve


def single_base(address: Address, bases: Addresses) -> Address | None:
    """The one address of a `base` field, or none.

    Raises:
        InvalidFieldException: the field names more than one.
    """
    if len(bases) > 1:
        raise InvalidFieldException(
            f"{address}: `base` names {len(bases)} targets. Name the topmost one."
        )
    return bases[0] if bases else None


def check_architecture(path: str, lock: DebianLock, command: str) -> None:
    """Refuse a lock whose packages do not run where images run.

    Raises:
        LockError: it, or a package of it, is for another architecture.
    """
    ours = (PLATFORM.architecture, "all")
    strange = {each.name: each.architecture for each in lock.packages.values()}
    named = [f"'{name}' is for {its}" for name, its in sorted(strange.items()) if its not in ours]
    if lock.architecture != PLATFORM.architecture:
        named.insert(0, f"`architecture` is {lock.architecture}")
    if named:
        raise LockError(
            f"{path}: {named[0]}, and images are for {PLATFORM.architecture}. Run `{command}`."
        )


@rule(level=LogLevel.DEBUG)
async def read_lock(request: LockRequest, options: DebianSubsystem) -> ResolveLock:
    path, command = options.lockfile(request.resolve), generate_command(request.resolve)
    contents = await Get(DigestContents, PathGlobs([path]))
    if not contents:
        raise LockError(f"{path}: there is no such lock yet. Run `{command}`.")
    lock = DebianLock.from_json(path, contents[0].content, command)
    check_architecture(path, lock, command)
    return ResolveLock(path, command, lock)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
