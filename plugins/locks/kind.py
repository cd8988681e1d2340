"""The contract of a kind of lock, such as that of Debian packages.

A kind subclasses what is here, and has a rule from its `LockKind` to `LockFolder` and one to
`Resolves`, a rule from its `Solve` to `Solved`, and a union rule for both. The rest is in `locks`:
finding resolves, reading and checking locks, `generate-lockfiles`, and the targets that let
`--changed-since` see edits of locks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from locks.lock import Lock
from pants.engine.collection import Collection
from pants.engine.environment import EnvironmentName
from pants.engine.target import StringField
from pants.engine.unions import union


@dataclass(frozen=True)
class Resolve:
    """What is locked together."""

    name: str
    """The name in `generate-lockfiles --resolve=NAME`; unique in the repository."""


class Resolves(Collection[Resolve]):
    """All resolves of a kind."""


@dataclass(frozen=True)
class LockFolder:
    """Where the locks of a kind lie."""

    path: str


@union(in_scope_types=[EnvironmentName])
@dataclass(frozen=True)
class Solve:
    """Asks for a new lock."""

    path: str
    """Of the lock, for errors."""

    resolve: Resolve

    previous: Lock | None
    """The lock that is replaced, or another to start from."""


@dataclass(frozen=True)
class Solved:
    """A new lock."""

    lock: Lock


@union
@dataclass(frozen=True)
class LockKind:
    """A kind of lock."""

    name: ClassVar[str]
    """Tells its targets from those of other kinds."""

    source: ClassVar[str]
    """What defines its resolves, for errors: "`[debian].resolves`"."""

    lock: ClassVar[type[Lock]]
    solve: ClassVar[type[Solve]]

    def problem(self, resolve: Resolve, lock: Lock) -> str:
        """Why a lock is not that of a resolve as it is now; empty if it is."""
        return ""


class LockedByField(StringField):
    """The resolve whose lock pins what the target holds."""

    alias = "resolve"
    required = True
    kind: ClassVar[type[LockKind]]
