"""`divide-layers`: divides the libraries of all releases among layers by when they change."""

from __future__ import annotations

from typing import Iterable

from locks.util_rules.reading import LockRequest
from oci.goals.one_sentence import told_in_one_sentence
from oci.natural_order import natural_order
from pants.base.specs import Specs
from pants.engine.console import Console
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.goal import Goal, GoalSubsystem
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import FilteredTargets
from pants.option.option_types import StrListOption
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap
from wheels.division import DivisionError, divide, write_division
from wheels.util_rules.locks import WheelResolveLock
from wheels.util_rules.selection import Selection, WheelLayerFieldSet, WheelLayers


class DivideLayersSubsystem(GoalSubsystem):
    name = "divide-layers"
    help = softwrap(
        """
        Divide the libraries of all releases among the `wheel_layer` targets with the field
        `division`, so that all layers of all releases together take the fewest bytes. Each such
        target is named after a library that it holds.

        It changes layers of every release: run it when a new line of releases begins.
        """
    )

    ignore = StrListOption(
        default=[],
        help="Resolves that the division does not take into account, for example experiments.",
    )


class DivideLayers(Goal):
    subsystem_cls = DivideLayersSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


def _takes_the_rest(layer: WheelLayerFieldSet) -> bool:
    return "*" in (layer.distributions.value or ())


@goal_rule
@told_in_one_sentence
async def divide_layers(
    specs: Specs,
    options: DivideLayersSubsystem,
    workspace: Workspace,
    console: Console,
) -> DivideLayers:
    targets, layers = await MultiGet(Get(FilteredTargets, Specs, specs), Get(WheelLayers))
    chosen = [
        each
        for each in layers.field_sets
        if each.resolve.value not in options.ignore
        and any(each.address == target.address for target in targets)
        and each.division.value
    ]
    files = sorted({each.division.file_path or "" for each in chosen})
    if len(files) != 1:
        raise DivisionError(
            f"The targets have {len(files)} files of the field `division`, and one can be written. "
            f"Name the folder of one, for example `{bin_name()} divide-layers layers/libraries::`."
        )
    resolves = sorted({each.resolve.value or "" for each in chosen}, key=natural_order)
    elsewhere = [
        each
        for each in layers.field_sets
        if each.resolve.value in resolves and not each.division.value and not _takes_the_rest(each)
    ]
    users = {each.resolve.value: each for each in chosen}
    locks = await MultiGet(
        Get(
            WheelResolveLock,
            LockRequest,
            LockRequest.of(users[resolve].address, users[resolve].resolve),
        )
        for resolve in resolves
    )
    held = await MultiGet(Get(Selection, WheelLayerFieldSet, each) for each in elsewhere)
    division = divide(
        [each.lock for each in locks],
        sorted({each.address.target_name for each in chosen}),
        {name for selection in held for name in selection.names},
    )
    content = write_division(division)
    workspace.write_digest(await Get(Digest, CreateDigest([FileContent(files[0], content)])))
    console.print_stdout(
        f"Wrote {files[0]}: {sum(map(len, division.values()))} libraries of {len(resolves)} "
        f"resolves in {len(division)} layers."
    )
    return DivideLayers(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
