"""`release-changes`: what differs between two releases, and the kind of release it calls for."""

from __future__ import annotations

from typing import Iterable

from oci.goals.one_sentence import told_in_one_sentence
from pants.base.specs import Specs
from pants.engine.console import Console
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, Rule, collect_rules, goal_rule
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from runtime.catalogue import Catalogue
from runtime.goals.release_specs import ReleaseSpecError, find_release, named_releases
from runtime.notes import compare, python_sections


class ReleaseChangesSubsystem(GoalSubsystem):
    name = "release-changes"
    help = (
        "Tell what differs between two releases, and which kind of release that calls for: "
        "`release-changes 5.0.6 5.0.7`."
    )


class ReleaseChanges(Goal):
    subsystem_cls = ReleaseChangesSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
@told_in_one_sentence
async def release_changes(console: Console, specs: Specs) -> ReleaseChanges:
    goal = ReleaseChangesSubsystem.name
    numbers = named_releases(specs, goal)
    if len(numbers) != 2:
        raise ReleaseSpecError(f"Name two releases: `{bin_name()} {goal} 5.0.6 5.0.7`.")
    catalogue = await Get(Catalogue)
    before, after = (find_release(catalogue, number) for number in numbers)
    compared = compare(catalogue, before, after)
    for section in python_sections(compared):
        if section:
            console.print_stdout(f"{section}\n")
    policy = catalogue.policy
    console.print_stdout(
        f"By {policy.path}, this calls for a {compared.called_for.label} release: "
        f"{before.number.next(compared.called_for)} after {before.manifest.release}."
    )
    return ReleaseChanges(exit_code=0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
