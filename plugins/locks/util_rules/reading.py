"""Finds the lock of a resolve, reads it, and holds it against the resolve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from locks.kind import LockedByField, LockFolder, LockKind, Resolve, Resolves
from locks.lock import Lock, LockError, generate_command, lock_path
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel


@dataclass(frozen=True)
class LockRequest:
    """Asks for the lock of a resolve."""

    kind: LockKind
    resolve: str

    origin: str
    """Who names the resolve, for errors: "layers/airflow: `resolve`"."""

    @classmethod
    def of(cls, address: Address, field: LockedByField) -> LockRequest:
        """Asks for the lock that a field of a target names."""
        return cls(field.kind(), field.value or "", f"{address}: `{field.alias}`")


@dataclass(frozen=True)
class ResolveLock:
    """The lock of a resolve as it is now, and what messages about it say."""

    path: str
    command: str
    resolve: Resolve
    lock: Lock


@rule(level=LogLevel.DEBUG)
async def read_lock(request: LockRequest) -> ResolveLock:
    kind, name = request.kind, request.resolve
    folder, resolves = await MultiGet(
        Get(LockFolder, LockKind, kind), Get(Resolves, LockKind, kind)
    )
    by_name = {resolve.name: resolve for resolve in resolves}
    if name not in by_name:
        raise InvalidFieldException(
            f"{request.origin} is '{name}', which nothing defines (by {kind.source}, there are: "
            f"{', '.join(sorted(by_name)) or 'none'}). Correct it, or add the resolve."
        )
    path, command = lock_path(folder.path, name), generate_command(name)
    contents = await Get(DigestContents, PathGlobs([path]))
    if not contents:
        raise LockError(f"{path}: there is no such lock yet. Run `{command}`.")
    lock = kind.lock.from_json(path, contents[0].content, command)
    problem = kind.problem(by_name[name], lock)
    if problem:
        raise LockError(f"{path}: {problem}. Run `{command}`.")
    return ResolveLock(path, command, by_name[name], lock)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
