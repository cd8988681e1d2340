"""Reads the waivers of the repository."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from typing import Iterable

from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, _uncacheable_rule, collect_rules, rule
from pants.engine.target import AllTargets
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from runtime.target_types import ManifestField
from vulnerabilities.subsystem import VulnerabilitiesSubsystem
from vulnerabilities.waivers import Waiver, parse_waivers


@dataclass(frozen=True)
class Waivers:
    """All waivers, and what they are held against."""

    waivers: tuple[Waiver, ...]

    releases: frozenset[str]
    """All that there are, experiments too."""


@dataclass(frozen=True)
class Today:
    """The day, in UTC."""

    date: datetime.date


@_uncacheable_rule
async def today() -> Today:
    return Today(datetime.datetime.now(datetime.timezone.utc).date())


@rule(level=LogLevel.DEBUG)
async def read_waivers(options: VulnerabilitiesSubsystem, targets: AllTargets) -> Waivers:
    files = await Get(DigestContents, PathGlobs([options.waivers]))
    releases = {
        os.path.basename(target.address.spec_path)
        for target in targets
        if target.has_field(ManifestField)
    }
    found = parse_waivers(options.waivers, files[0].content) if files else ()
    return Waivers(found, frozenset(releases))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
