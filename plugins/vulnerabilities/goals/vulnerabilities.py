"""`vulnerabilities`: what images have, and what would fix it."""

from __future__ import annotations

import json
from typing import Iterable

from oci.chosen_images import chosen_images
from oci.goals.one_sentence import told_in_one_sentence
from oci.natural_order import natural_order
from oci.util_rules.kinds import ImageRequest
from pants.base.specs import Specs
from pants.core.util_rules.environments import ChosenLocalEnvironmentName
from pants.engine.console import Console
from pants.engine.environment import EnvironmentName
from pants.engine.goal import Goal
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, goal_rule
from pants.engine.target import FilteredTargets
from pants.engine.unions import UnionRule
from vulnerabilities.document import report_document
from vulnerabilities.findings import Advisories
from vulnerabilities.installed import InstalledImage
from vulnerabilities.report import make_report
from vulnerabilities.subsystem import VulnerabilitiesSubsystem
from vulnerabilities.text import report_lines
from vulnerabilities.util_rules.advisories import AdvisoriesRequest, SelectedAdvisories
from vulnerabilities.util_rules.installed import InstalledRequest
from vulnerabilities.util_rules.waivers import Today, Waivers


class Vulnerabilities(Goal):
    subsystem_cls = VulnerabilitiesSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
@told_in_one_sentence
async def vulnerabilities(
    specs: Specs,
    options: VulnerabilitiesSubsystem,
    today: Today,
    environment: ChosenLocalEnvironmentName,
    console: Console,
) -> Vulnerabilities:
    targets, waivers = await MultiGet(Get(FilteredTargets, Specs, specs), Get(Waivers))
    images = await MultiGet(
        Get(
            InstalledImage,
            {
                InstalledRequest(ImageRequest(address)): InstalledRequest,
                environment.val: EnvironmentName,
            },
        )
        for address in chosen_images(targets, options.name)
    )
    packages = {package for image in images for layer in image.layers for package in layer.packages}
    ordered = tuple(sorted(packages, key=lambda each: (each.ecosystem.value, each.name, str(each))))
    selected = await Get(
        SelectedAdvisories,
        {
            AdvisoriesRequest(ordered): AdvisoriesRequest,
            environment.val: EnvironmentName,
        },
    )
    report = make_report(
        sorted(images, key=lambda image: natural_order(image.reference)),
        Advisories(selected.advisories),
        waivers.waivers,
        today.date,
        selected.origins,
        selected.gaps,
    )
    if options.json:
        text = json.dumps(report_document(report), indent=2)
    else:
        text = "\n".join(report_lines(report))
    with options.output_sink(console) as sink:
        print(text, file=sink)
    failures = report.failures(options.fail_on) if options.fail_on else ()
    for failure in failures:
        console.print_stderr(failure)
    return Vulnerabilities(exit_code=1 if failures else 0)


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
