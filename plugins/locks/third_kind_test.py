"""A kind of lock that no backend has: all that it needs of its own stands in this file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest
from locks.fields import Fields
from locks.kind import LockedByField, LockFolder, LockKind, Resolve, Resolves, Solve, Solved
from locks.lock import Lock, LockError
from locks.rules import rules as lock_rules
from locks.util_rules.fetched_files import Download, FetchedFiles
from locks.util_rules.reading import LockRequest, ResolveLock
from oci.util_rules.layer_process import BuildStepError
from packaging.version import Version
from pants.backend.project_info import dependents
from pants.backend.project_info.dependents import Dependents, DependentsRequest
from pants.core import target_types as core_target_types
from pants.core.goals import generate_lockfiles
from pants.core.goals.generate_lockfiles import GenerateLockfilesGoal
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import collect_rules, rule
from pants.engine.target import COMMON_TARGET_FIELDS, Dependencies, Target
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class ModuleLock(Lock):
    key = "modules"

    modules: FrozenDict[str, str]

    @classmethod
    def from_fields(cls, fields: Fields) -> ModuleLock:
        modules = fields.part("modules")
        return cls(FrozenDict((name, modules.text(name)) for name in modules.data))

    def to_data(self) -> Mapping[str, Any]:
        return {"modules": dict(self.modules)}

    def versions(self) -> Mapping[str, Version]:
        return {name: Version(version) for name, version in self.modules.items()}


@dataclass(frozen=True)
class ModuleResolve(Resolve):
    wanted: tuple[str, ...]


@dataclass(frozen=True)
class SolveModules(Solve):
    resolve: ModuleResolve
    previous: ModuleLock | None


@dataclass(frozen=True)
class ModuleLocks(LockKind):
    name = "modules"
    source = "this test"
    lock = ModuleLock
    solve = SolveModules

    def problem(self, resolve: Resolve, lock: Lock) -> str:
        assert isinstance(resolve, ModuleResolve) and isinstance(lock, ModuleLock)
        missing = sorted(set(resolve.wanted) - set(lock.modules))
        return f"the lock lacks {missing[0]}" if missing else ""


@rule
def module_folder(_: ModuleLocks) -> LockFolder:
    return LockFolder("3rdparty/modules")


@rule
def module_resolves(_: ModuleLocks) -> Resolves:
    return Resolves([ModuleResolve("web", ("left-pad",))])


@rule
def solve_modules(request: SolveModules) -> Solved:
    kept = request.previous.modules if request.previous else FrozenDict()
    versions = {name: kept.get(name, "1.3.0") for name in request.resolve.wanted}
    return Solved(ModuleLock(FrozenDict(versions)))


class ModuleResolveField(LockedByField):
    kind = ModuleLocks


class ModuleLayer(Target):
    alias = "module_layer"
    core_fields = (*COMMON_TARGET_FIELDS, Dependencies, ModuleResolveField)


LOCK = "3rdparty/modules/web.lock"


@pytest.fixture
def rule_runner() -> Iterator[RuleRunner]:
    runner = RuleRunner(
        rules=[
            *collect_rules(globals()),
            *core_target_types.rules(),
            *dependents.rules(),
            *generate_lockfiles.rules(),
            *lock_rules(),
            UnionRule(LockKind, ModuleLocks),
            UnionRule(Solve, SolveModules),
            QueryRule(Dependents, [DependentsRequest]),
            QueryRule(FetchedFiles, [Download]),
            QueryRule(ResolveLock, [LockRequest]),
        ],
        target_types=[
            ModuleLayer,
            core_target_types.LockfilesGeneratorTarget,
            core_target_types.LockfileTarget,
        ],
    )
    runner.write_files({"BUILD": "module_layer(name='layer', resolve='web')"})
    yield runner


def read(rule_runner: RuleRunner, resolve: str = "web") -> ResolveLock:
    request = LockRequest(ModuleLocks(), resolve, "//:layer: `resolve`")
    return rule_runner.request(ResolveLock, [request])


def generate(rule_runner: RuleRunner) -> Any:
    run = rule_runner.run_goal_rule(GenerateLockfilesGoal, args=["--resolve=web", "--diff"])
    text = Path(rule_runner.build_root, LOCK).read_text()
    # The goal wrote past what the runner knows of files.
    rule_runner.write_files({LOCK: text})
    return run.stderr, json.loads(text)


def test_its_lock_is_made_and_read(rule_runner: RuleRunner) -> None:
    diff, made = generate(rule_runner)

    assert made == {"modules": {"left-pad": "1.3.0"}}
    assert "left-pad" in diff
    assert read(rule_runner).lock == ModuleLock(FrozenDict({"left-pad": "1.3.0"}))


def test_what_was_locked_is_there_when_it_is_made_again(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({LOCK: '{"modules": {"left-pad": "1.0.0", "gone": "2"}}'})

    assert generate(rule_runner)[1] == {"modules": {"left-pad": "1.0.0"}}


def test_what_it_pins_depends_on_its_lock(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({LOCK: '{"modules": {}}', "3rdparty/modules/other.lock": "# pip's"})

    lock = Address("3rdparty/modules", target_name="_web_modules_lock")
    request = DependentsRequest([lock], transitive=False, include_roots=False)
    assert list(rule_runner.request(Dependents, [request])) == [Address("", target_name="layer")]


@pytest.mark.parametrize(
    "content, problem",
    [
        ('{"modules": {}}', "the lock lacks left-pad"),
        ('{"modules": {"left-pad": 1}}', "`modules.left-pad` is 1. Run `"),
        ('{"modules": {"a": "1", "a": "2"}}', "the key 'a' stands twice"),
        ("{}", "the field `modules` is missing. Run `"),
    ],
)
def test_a_lock_that_is_not_right_is_refused(
    rule_runner: RuleRunner, content: str, problem: str
) -> None:
    rule_runner.write_files({LOCK: content})

    with engine_error(LockError, contains=f"{LOCK}: {problem}"):
        read(rule_runner)


def test_a_lock_that_is_not_there_is_told_with_the_command(rule_runner: RuleRunner) -> None:
    with engine_error(LockError, contains=f"{LOCK}: there is no such lock yet. Run `"):
        read(rule_runner)


def test_an_unknown_resolve_is_told_with_those_that_exist(rule_runner: RuleRunner) -> None:
    with engine_error(contains="`resolve` is 'wob', which nothing defines (by this test, there ar"):
        read(rule_runner, "wob")


def test_a_file_that_is_not_the_locked_one_is_refused(rule_runner: RuleRunner) -> None:
    content = b"a module"
    digest = rule_runner.request(
        Digest, [CreateDigest([FileContent("fetched/left-pad.tgz", content)])]
    )

    def fetched(sha256: str) -> FetchedFiles:
        hashes = FrozenDict({"left-pad.tgz": sha256})
        return rule_runner.request(FetchedFiles, [Download(LOCK, hashes, digest, "fetched")])

    assert fetched(hashlib.sha256(content).hexdigest()).digest != digest
    with engine_error(BuildStepError, contains=f"{LOCK}: a cache gave another left-pad.tgz than"):
        fetched("0" * 64)
