from __future__ import annotations

import pytest
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error
from pants.util.frozendict import FrozenDict
from wheels.lock import LockError, LockInputs, WheelLock
from wheels.resolve import WheelResolve
from wheels.target_types import WheelRequirementsTarget
from wheels.util_rules import lockfile, requirements
from wheels.util_rules.lockfile import LockRequest, ResolveLock

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


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *lockfile.rules(),
            *requirements.rules(),
            QueryRule(ResolveLock, [LockRequest]),
        ],
        target_types=[WheelRequirementsTarget],
    )
    runner.write_files({"BUILD": BUILD, "pins.txt": PINS})
    return runner


def read(rule_runner: RuleRunner, resolve: str = "demo") -> ResolveLock:
    return rule_runner.request(ResolveLock, [LockRequest(resolve, "//:layer: `resolve`")])


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
    with engine_error(contains="`resolve` is 'demmo', which no target defines (there are: demo)"):
        read(rule_runner, "demmo")
