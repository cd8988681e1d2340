"""Reports of vulnerabilities: add `vulnerabilities` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule
from pants.engine.unions import UnionRule
from vulnerabilities.goals import check, vulnerabilities
from vulnerabilities.util_rules import advisories, installed, waivers


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *advisories.rules(),
        *check.rules(),
        *installed.rules(),
        *vulnerabilities.rules(),
        *waivers.rules(),
    ]
