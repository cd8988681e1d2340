"""Turns `wheel_requirements` targets into resolves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.format.platform import Platform
from packaging.requirements import InvalidRequirement, Requirement
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from wheels.resolve import WheelResolve, WheelResolveFieldSet
from wheels.target_types import (
    RequirementsArchitectureField,
    RequirementsConstraintsField,
    RequirementsExcludeNewerField,
    RequirementsField,
    RequirementsPythonVersionField,
    RequirementsResolveField,
    RequirementsSuiteField,
)


@dataclass(frozen=True)
class WheelRequirementsFieldSet(WheelResolveFieldSet):
    required_fields = (RequirementsField, RequirementsResolveField)

    resolve: RequirementsResolveField
    requirements: RequirementsField
    constraints: RequirementsConstraintsField
    exclude_newer: RequirementsExcludeNewerField
    python_version: RequirementsPythonVersionField
    suite: RequirementsSuiteField
    architecture: RequirementsArchitectureField


def pins(text: str) -> tuple[str, ...]:
    """The lines of a constraints file, without comments."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def check_requirements(address: Address, requirements: Iterable[str]) -> None:
    """Refuse what cannot be locked.

    Raises:
        InvalidFieldException: a requirement is none of PEP 508's, or names a URL.
    """
    where = f"{address}: `{RequirementsField.alias}`"
    for each in requirements:
        try:
            url = Requirement(each).url
        except InvalidRequirement as error:
            problem = " ".join(str(error).split())
            raise InvalidFieldException(
                f"{where} has '{each}', which is not a requirement ({problem}). Write it as PEP "
                "508 has it, for example `requests>=2`."
            ) from None
        if url:
            raise InvalidFieldException(
                f"{where} has '{each}', and a lock holds only versions of an index. Publish it to "
                "an index, and require `name==version`."
            )


@rule
async def requirements_resolve(field_set: WheelRequirementsFieldSet) -> WheelResolve:
    path = field_set.constraints.file_path
    contents = await Get(DigestContents, PathGlobs([path] if path else []))
    assert field_set.resolve.value is not None
    check_requirements(field_set.address, field_set.requirements.value or ())
    return WheelResolve(
        name=field_set.resolve.value,
        requirements=field_set.requirements.value or (),
        constraints=tuple(line for file in contents for line in pins(file.content.decode())),
        exclude_newer=field_set.exclude_newer.value or "",
        platform=Platform(
            field_set.architecture.value or "",
            field_set.suite.value or "",
            field_set.python_version.value or "",
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WheelResolveFieldSet, WheelRequirementsFieldSet)]
