"""What every kind of lock needs: its backend registers these rules beside its own."""

from __future__ import annotations

from typing import Iterable

from locks.goals import generate_lockfiles
from locks.util_rules import fetched_files, lock_targets, reading
from pants.engine.rules import Rule
from pants.engine.unions import UnionRule


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *fetched_files.rules(),
        *generate_lockfiles.rules(),
        *lock_targets.rules(),
        *reading.rules(),
    ]
