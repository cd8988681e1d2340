from __future__ import annotations

from dataclasses import dataclass

import pytest
from locks.lock import LockError
from locks.util_rules.reading import LockRequest
from pants.core import target_types as core_target_types
from pants.engine.rules import rule
from pants.engine.target import COMMON_TARGET_FIELDS, InvalidFieldException, StringField, Target
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error
from pants.util.frozendict import FrozenDict
from wheels.kind import WheelLocks
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.resolve import PatchedDistribution, WheelResolve, WheelResolveFieldSet
from wheels.target_types import WheelRequirementsTarget
from wheels.util_rules import locks, requirements
from wheels.util_rules.locks import WheelResolveLock

BUILD = """\
wheel_requirements(
    name="demo",
    resolve="demo",
    requirements=["demo>=1"],
    constraints="pins.txt",
    exclude_newer="2022-07-12",
)
"""

PINS = "# a comment\ndemo==1.0  # another\n"

LOCK = WheelLock(
    "demo",
    LockInputs.of(WheelResolve("demo", ("demo>=1",), ("demo==1.0",), "2022-07-12")),
    FrozenDict(),
)


class FixedField(StringField):
    alias = "fixed"
    required = True


class FixedTarget(Target):
    """Another backend's resolve, which patches one distribution."""

    alias = "fixed_requirements"
    core_fields = (*COMMON_TARGET_FIELDS, FixedField)


@dataclass(frozen=True)
class FixedFieldSet(WheelResolveFieldSet):
    required_fields = (FixedField,)

    fixed: FixedField


@rule
async def fixed_resolve(field_set: FixedFieldSet) -> WheelResolve:
    assert field_set.fixed.value is not None
    fixes = PatchedDistribution(field_set.fixed.value, "ours.1", ("1.patch",), "fixes.yaml: `demo`")
    return WheelResolve("fixed", ("demo>=1",), patched=(fixes,))


def lock_of(name: str) -> bytes:
    demo = LockedDistribution(name, "1.0", f"{name}-1.0-py3-none-any.whl", 1, "0" * 64, ())
    inputs = LockInputs.of(WheelResolve("fixed", ("demo>=1",)))
    return WheelLock("fixed", inputs, FrozenDict({name: demo})).to_json()


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *locks.rules(),
            *requirements.rules(),
            *core_target_types.rules(),
            fixed_resolve,
            UnionRule(WheelResolveFieldSet, FixedFieldSet),
            QueryRule(WheelResolveLock, [LockRequest]),
        ],
        target_types=[
            FixedTarget,
            WheelRequirementsTarget,
            core_target_types.LockfilesGeneratorTarget,
            core_target_types.LockfileTarget,
        ],
    )
    runner.write_files({"BUILD": BUILD, "pins.txt": PINS})
    return runner


def read(rule_runner: RuleRunner, resolve: str = "demo") -> WheelResolveLock:
    return rule_runner.request(
        WheelResolveLock, [LockRequest(WheelLocks(), resolve, "//:layer: `resolve`")]
    )


def test_a_lock_that_fits_its_resolve_is_read(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({"3rdparty/python/demo.lock": LOCK.to_json()})

    assert read(rule_runner).lock == LOCK


def test_a_missing_lock_names_the_command(rule_runner: RuleRunner) -> None:
    with engine_error(
        LockError, contains="3rdparty/python/demo.lock: there is no such lock yet. Run `"
    ):
        read(rule_runner)


def test_an_edit_of_the_constraints_makes_the_lock_stale(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {"3rdparty/python/demo.lock": LOCK.to_json(), "pins.txt": "demo==1.1\n"}
    )

    with engine_error(
        LockError,
        contains="demo.lock: the lock is older than its resolve 'demo', whose constraints changed",
    ):
        read(rule_runner)


def test_a_misspelt_resolve_is_told_with_those_that_exist(rule_runner: RuleRunner) -> None:
    with engine_error(
        contains="`resolve` is 'demmo', which nothing defines (by targets such as "
        "`wheel_requirements`, there are: demo). Correct it, or add the resolve."
    ):
        read(rule_runner, "demmo")


def test_patches_change_what_is_installed_and_not_the_lock(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "fixed/BUILD": "fixed_requirements(fixed='demo')",
            "3rdparty/python/fixed.lock": lock_of("demo"),
        }
    )

    lock = read(rule_runner, "fixed")

    assert lock.lock.distributions["demo"].version == "1.0"
    assert lock.installed_version("demo") == "1.0+ours.1"


def test_patches_of_what_the_lock_does_not_hold_are_told(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "fixed/BUILD": "fixed_requirements(fixed='demo')",
            "3rdparty/python/fixed.lock": lock_of("other"),
        }
    )

    with engine_error(
        LockError,
        contains="fixes.yaml: `demo` is for demo, which 3rdparty/python/fixed.lock does not hold",
    ):
        read(rule_runner, "fixed")


def test_a_platform_that_no_wheel_can_name_is_told(rule_runner: RuleRunner) -> None:
    build = BUILD.replace('name="demo"', 'name="demo", suite="buster"')
    rule_runner.write_files({"BUILD": build, "3rdparty/python/demo.lock": LOCK.to_json()})

    with engine_error(
        InvalidFieldException, contains="//:demo: `suite` is 'buster', which is none of bullseye"
    ):
        read(rule_runner)


def test_a_platform_with_an_older_library_makes_the_lock_stale(rule_runner: RuleRunner) -> None:
    old = LOCK.to_json().replace(b"manylinux_2_31", b"manylinux_2_32")
    rule_runner.write_files({"3rdparty/python/demo.lock": old})

    with engine_error(LockError, contains="whose platform changed"):
        read(rule_runner)
