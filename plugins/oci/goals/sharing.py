"""`sharing`: what images cost together, and what each upgrade from one to the next pulls."""

from __future__ import annotations

import json
from typing import Iterable, Iterator, Mapping

from oci.chosen_images import chosen_images
from oci.image import ImageSpec
from oci.report import table
from oci.sandbox.sizes import human_size
from oci.sharing import ImageBlobs, SharingReport, share
from oci.util_rules.assemble_image import BuiltImage
from oci.util_rules.kinds import ImageRequest
from pants.core.util_rules.environments import ChosenLocalEnvironmentName
from pants.engine.console import Console
from pants.engine.environment import EnvironmentName
from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule, rule
from pants.engine.target import FilteredTargets
from pants.option.option_types import BoolOption
from pants.util.frozendict import FrozenDict
from pants.util.strutil import softwrap


class SharingSubsystem(Outputting, GoalSubsystem):
    name = "sharing"
    help = softwrap(
        """
        Say how many bytes images take together, each distinct layer once, and how many a node
        pulls to get from each image to the next one. Builds what is not built yet.
        """
    )

    json = BoolOption(default=False, help="Write JSON instead of tables.")


class SharingGoal(Goal):
    subsystem_cls = SharingSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@rule
async def image_blobs(request: ImageRequest, environment: EnvironmentName) -> ImageBlobs:
    spec = await Get(ImageSpec, {request: ImageRequest, environment: EnvironmentName})
    image = await Get(BuiltImage, {spec: ImageSpec, environment: EnvironmentName})
    layers = [layer.descriptor for layer in image.layers]
    return ImageBlobs(
        reference=spec.reference,
        blobs=FrozenDict({layer.digest: layer.size for layer in layers}),
        targets=FrozenDict({layer.digest: layer.target for layer in layers}),
    )


_NAMED = 2
"""More layers than these would not fit a terminal; JSON has all."""


def _layers(new: Mapping[str, int]) -> str:
    largest = sorted(new.items(), key=lambda each: (-each[1], each[0]))
    named = [f"{target.partition('@')[0]} {human_size(size)}" for target, size in largest[:_NAMED]]
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
    yield from table(
        [
            (f"{len(report.images)} images, each distinct layer once", human_size(report.stored)),
            ("the largest of them", human_size(report.largest)),
            ("ratio", f"{report.stored / report.largest:.2f}"),
        ],
        right=frozenset({1}),
    )


@goal_rule
async def sharing(
    targets: FilteredTargets,
    options: SharingSubsystem,
    environment: ChosenLocalEnvironmentName,
    console: Console,
) -> SharingGoal:
    images = await MultiGet(
        Get(
            ImageBlobs,
            {ImageRequest(address): ImageRequest, environment.val: EnvironmentName},
        )
        for address in chosen_images(targets, options.name)
    )
    report = share(images)
    text = json.dumps(report.to_json(), indent=2) if options.json else "\n".join(_tables(report))
    with options.output_sink(console) as sink:
        print(text, file=sink)
    return SharingGoal(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
