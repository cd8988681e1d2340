"""Turns `wheel_requirements` targets into resolves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from wheels.resolve import (
    DEFAULT_PLATFORM,
    DEFAULT_PYTHON_VERSION,
    WheelResolve,
    WheelResolveFieldSet,
)
from wheels.target_types import (
    RequirementsConstraintsField,
    RequirementsExcludeNewerField,
    RequirementsField,
    RequirementsPlatformField,
    RequirementsPythonVersionField,
    RequirementsResolveField,
)


@dataclass(frozen=True)
class WheelRequirementsFieldSet(WheelResolveFieldSet):
    required_fields = (RequirementsField, RequirementsResolveField)

    resolve: RequirementsResolveField
    requirements: RequirementsField
    constraints: RequirementsConstraintsField
    exclude_newer: RequirementsExcludeNewerField
    python_version: RequirementsPythonVersionField
    platform: RequirementsPlatformField


def pins(text: str) -> tuple[str, ...]:
    """The lines of a constraints file, without comments."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


@rule
async def requirements_resolve(field_set: WheelRequirementsFieldSet) -> WheelResolve:
    path = field_set.constraints.file_path
    contents = await Get(DigestContents, PathGlobs([path] if path else []))
    assert field_set.resolve.value is not None
    return WheelResolve(
        name=field_set.resolve.value,
        requirements=field_set.requirements.value or (),
        constraints=tuple(line for file in contents for line in pins(file.content.decode())),
        exclude_newer=field_set.exclude_newer.value or "",
        python_version=field_set.python_version.value or DEFAULT_PYTHON_VERSION,
        platform=field_set.platform.value or DEFAULT_PLATFORM,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WheelResolveFieldSet, WheelRequirementsFieldSet)]
