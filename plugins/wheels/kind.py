"""The kind of lock that holds distributions of Python."""

from __future__ import annotations

from dataclasses import dataclass

from locks.kind import LockKind, Resolve, Solve
from locks.lock import Lock
from wheels.lock import WheelLock
from wheels.resolve import WheelResolve


@dataclass(frozen=True)
class SolveWheels(Solve):
    resolve: WheelResolve
    previous: WheelLock | None


@dataclass(frozen=True)
class WheelLocks(LockKind):
    name = "wheels"
    source = "targets such as `wheel_requirements`"
    lock = WheelLock
    solve = SolveWheels

    def problem(self, resolve: Resolve, lock: Lock) -> str:
        """Which inputs of a lock have changed since."""
        assert isinstance(resolve, WheelResolve) and isinstance(lock, WheelLock)
        changed = ", ".join(lock.inputs.differences(resolve))
        return (
            changed
            and f"the lock is older than its resolve '{resolve.name}', whose {changed} changed"
        )
