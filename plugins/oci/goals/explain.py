"""`explain`: what images are made of, what they share, and what changed between two of them."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any, Iterable

from oci.chosen_images import chosen_images
from oci.contents import ImageContents
from oci.explain.changes import ImageChange, image_change
from oci.explain.document import change_document, image_document
from oci.explain.earlier_build import EarlierBuildError, read_earlier_build
from oci.explain.page import catalogue_page
from oci.explain.sharing import Sharing
from oci.explain.text import explain_change, explain_image
from oci.goals.one_sentence import told_in_one_sentence
from oci.image import ImageSpec
from oci.target_types import ImageLayersField
from oci.util_rules.kinds import ImageRequest
from pants.base.build_root import BuildRoot
from pants.base.specs import Specs
from pants.core.util_rules.distdir import DistDir
from pants.core.util_rules.environments import ChosenLocalEnvironmentName
from pants.engine.addresses import Address, AddressInput
from pants.engine.console import Console
from pants.engine.environment import EnvironmentName
from pants.engine.fs import CreateDigest, Digest, FileContent, Workspace
from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import AllTargets, FilteredTargets
from pants.engine.unions import UnionRule
from pants.option.option_types import BoolOption, DictOption, EnumOption, StrOption
from pants.util.docutil import bin_name
from pants.util.strutil import softwrap

_PAGE = "explain.html"


class ExplainError(Exception):
    """What was asked for cannot be explained."""


class OutputFormat(Enum):
    """How an explanation is written."""

    TEXT = "text"
    JSON = "json"


class ExplainSubsystem(Outputting, GoalSubsystem):
    name = "explain"
    help = softwrap(
        """
        Say what images are made of: their layers with sizes, files and packages, which other
        images share each, and what changed since another image.
        """
    )

    since = StrOption(
        default=None,
        help=softwrap(
            f"""
            Explain what changed since this image: the address of a target, or the folder of an
            earlier build, such as `dist/images/5.0.6` of a `dist` that was kept. For example
            `{bin_name()} explain --since=versions/5.0.5:runtime versions/5.0.6:runtime`.
            """
        ),
    )
    output_format = EnumOption(default=OutputFormat.TEXT, help="`text` for people, or `json`.")
    html = BoolOption(
        default=False,
        help=softwrap(
            f"""
            Write one page about all the images to `dist/{_PAGE}`: what they share, what takes
            space in each, and what changed between any two. It needs no network.
            """
        ),
    )
    versions = DictOption[str](
        help=softwrap(
            """
            Packages whose versions that page shows beside each image, as package URLs without
            version, by the heads of their columns: `{"Airflow": "pypi/apache-airflow"}`.
            """
        ),
    )


class Explain(Goal):
    subsystem_cls = ExplainSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


def _json(data: Any) -> str:
    return json.dumps(data, indent=2)


def _image_output(images: tuple[ImageContents, ...], sharing: Sharing, as_json: bool) -> str:
    if as_json:
        return _json({"images": [image_document(image, sharing) for image in images]})
    return "\n\n".join("\n".join(explain_image(image, sharing)) for image in images)


def _change_output(change: ImageChange, as_json: bool) -> str:
    return _json(change_document(change)) if as_json else "\n".join(explain_change(change))


@goal_rule
@told_in_one_sentence
async def explain(
    specs: Specs,
    options: ExplainSubsystem,
    environment: ChosenLocalEnvironmentName,
    console: Console,
    workspace: Workspace,
    dist_dir: DistDir,
    build_root: BuildRoot,
) -> Explain:
    targets, all_targets = await MultiGet(Get(FilteredTargets, Specs, specs), Get(AllTargets))
    chosen = chosen_images(targets, options.name)
    if options.since and (len(chosen) > 1 or options.html):
        raise ExplainError(
            f"--explain-since compares one image with another, without a page, and "
            f"{len(chosen)} are named. Name one: `{bin_name()} explain --since=OTHER IMAGE`."
        )
    image_specs = await MultiGet(
        Get(ImageSpec, {ImageRequest(address): ImageRequest, environment.val: EnvironmentName})
        for address in chosen
    )
    images = await MultiGet(
        Get(ImageContents, {spec: ImageSpec, environment.val: EnvironmentName})
        for spec in image_specs
    )
    as_json = options.output_format == OutputFormat.JSON
    if options.since:
        folder = Path(build_root.path, options.since)
        if (folder / "index.json").is_file():
            try:
                before = read_earlier_build(folder)
            except EarlierBuildError as error:
                raise ExplainError(str(error)) from None
        else:
            origin = "the option `--explain-since`"
            given = AddressInput.parse(options.since, description_of_origin=origin)
            request = ImageRequest(await Get(Address, AddressInput, given), origin)
            spec = await Get(ImageSpec, {request: ImageRequest, environment.val: EnvironmentName})
            before = await Get(ImageContents, {spec: ImageSpec, environment.val: EnvironmentName})
        text = _change_output(image_change(before, images[0]), as_json)
    elif options.html:
        content = FileContent(_PAGE, catalogue_page(images, options.versions))
        workspace.write_digest(
            await Get(Digest, CreateDigest([content])), path_prefix=str(dist_dir.relpath)
        )
        text = f"Wrote {dist_dir.relpath / _PAGE}"
    else:
        others = await MultiGet(
            Get(
                ImageSpec,
                {ImageRequest(target.address): ImageRequest, environment.val: EnvironmentName},
            )
            for target in all_targets
            if target.has_field(ImageLayersField) and target.address not in chosen
        )
        text = _image_output(images, Sharing(images, others), as_json)
    with options.output_sink(console) as sink:
        print(text, file=sink)
    return Explain(exit_code=0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
