"""`check` for waivers: none has expired, and each is of releases that there are."""

from __future__ import annotations

from typing import Iterable

from pants.core.goals.check import CheckRequest, CheckResults
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from runtime.goals.check import CheckReleaseFieldSet, check_results
from vulnerabilities.util_rules.waivers import Today, Waivers
from vulnerabilities.waivers import violations


class CheckWaiversRequest(CheckRequest[CheckReleaseFieldSet]):
    field_set_type = CheckReleaseFieldSet
    tool_name = "vulnerability-waivers"


@rule(desc="Check waivers of vulnerabilities", level=LogLevel.DEBUG)
async def check_waivers(
    request: CheckWaiversRequest, waivers: Waivers, today: Today
) -> CheckResults:
    if not request.field_sets:
        return CheckResults([], checker_name=request.tool_name)
    sentences = violations(waivers.waivers, waivers.releases, today.date)
    return check_results(sentences, request.tool_name)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(CheckRequest, CheckWaiversRequest)]
