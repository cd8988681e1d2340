"""`sharing`: what images cost together, and what each upgrade from one to the next pulls."""

from __future__ import annotations

import json
from typing import Iterable, Iterator

from oci.chosen_images import chosen_images
from oci.goals.one_sentence import told_in_one_sentence
from oci.image import ImageSpec
from oci.layer import LayerDescriptor
from oci.report import table
from oci.sandbox.sizes import human_size
from oci.sharing import SharingReport, share
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.kinds import ImageRequest
from pants.base.specs import Specs
from pants.core.util_rules.environments import ChosenLocalEnvironmentName
from pants.engine.console import Console
from pants.engine.environment import EnvironmentName
from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import FilteredTargets
from pants.option.option_types import BoolOption
from pants.util.strutil import softwrap


class SharingSubsystem(Outputting, GoalSubsystem):
    name = "sharing"
    help = softwrap(
        """
        Say how many bytes images take together, each distinct layer once and experiments left out,
        and how many a node pulls to get from each image to the next one. Builds what is not built
        yet.
        """
    )

    json = BoolOption(default=False, help="Write JSON instead of tables.")


class SharingGoal(Goal):
    subsystem_cls = SharingSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


_NAMED = 2
"""More layers than these would not fit a terminal; JSON has all."""


def _layers(new: Iterable[LayerDescriptor]) -> str:
    largest = sorted(new, key=lambda layer: (-layer.size, layer.target))
    named = [f"{layer.role} {human_size(layer.size)}" for layer in largest[:_NAMED]]
    if len(largest) > _NAMED:
        named.append(f"{len(largest) - _NAMED} more")
    return ", ".join(named) or "-"


def _tables(report: SharingReport) -> Iterator[str]:
    yield from table(
        [
            ("upgrade", "to", "pulls", "layers"),
            *(
                (
                    upgrade.before,
                    upgrade.after.rpartition(":")[2],
                    human_size(upgrade.size),
                    _layers(upgrade.new),
                )
                for upgrade in report.upgrades
            ),
        ],
        right=frozenset({2}),
    )
    yield ""
    whole = report.together
    if whole.images:
        yield from table(
            [
                (f"{whole.images} images, each distinct layer once", human_size(whole.stored)),
                ("the largest of them", human_size(whole.largest)),
                ("ratio", f"{whole.ratio:.2f}"),
            ],
            right=frozenset({1}),
        )
    if report.experiments:
        yield f"  not counted, as experiments: {', '.join(report.experiments)}"


@goal_rule
@told_in_one_sentence
async def sharing(
    specs: Specs,
    options: SharingSubsystem,
    environment: ChosenLocalEnvironmentName,
    console: Console,
) -> SharingGoal:
    targets = await Get(FilteredTargets, Specs, specs)
    image_specs = await MultiGet(
        Get(ImageSpec, {ImageRequest(address): ImageRequest, environment.val: EnvironmentName})
        for address in chosen_images(targets, options.name)
    )
    images = await MultiGet(
        Get(BuiltImage, {spec: ImageSpec, environment.val: EnvironmentName}) for spec in image_specs
    )
    report = share(
        {
            image.spec.reference: tuple(layer.descriptor for layer in image.layers)
            for image in images
        },
        {spec.reference for spec in image_specs if spec.experimental},
    )
    text = json.dumps(report.to_json(), indent=2) if options.json else "\n".join(_tables(report))
    with options.output_sink(console) as sink:
        print(text, file=sink)
    return SharingGoal(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
