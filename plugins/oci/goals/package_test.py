"""The goal with a kind of product of its own, in a build root of its own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

import pytest
from oci.goals import package
from oci.goals.package import PackageProducts
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.core.register import rules as core_rules
from pants.engine.fs import CreateDigest, Digest, FileContent, SymlinkEntry
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import COMMON_TARGET_FIELDS, StringField, Target
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import GoalRuleResult, RuleRunner


class TextField(StringField):
    alias = "text"
    required = True


class ToyTarget(Target):
    alias = "toy"
    core_fields = (*COMMON_TARGET_FIELDS, TextField)


class OtherTarget(Target):
    alias = "other"
    core_fields = COMMON_TARGET_FIELDS


class ToyError(Exception):
    """A text that cannot be packaged."""


@dataclass(frozen=True)
class ToyFieldSet(PackageFieldSet):
    required_fields = (TextField,)

    text: TextField


@rule
async def package_toy(field_set: ToyFieldSet) -> BuiltPackage:
    text = field_set.text.value or ""
    if text == "bad":
        raise ToyError(f"{field_set.address}: `text` is 'bad'. Write another one.")
    folder = f"toys/{field_set.address.target_name}"
    digest = await Get(
        Digest,
        CreateDigest(
            [
                FileContent(f"{folder}/text", text.encode()),
                FileContent(f"{folder}/program", b"#!/bin/sh\n", is_executable=True),
                SymlinkEntry(f"{folder}/blobs", "../../blobs"),
                FileContent("blobs/shared", b"shared" * 100),
            ]
        ),
    )
    return BuiltPackage(digest, (BuiltPackageArtifact(folder),))


@pytest.fixture
def runner() -> RuleRunner:
    rules: Iterable[object] = [
        *core_rules(),
        *package.rules(),
        *collect_rules(),
        UnionRule(PackageFieldSet, ToyFieldSet),
    ]
    made = RuleRunner(rules=list(rules), target_types=[ToyTarget, OtherTarget])
    made.write_files(
        {
            "a/BUILD": 'toy(name="one", text="1")\ntoy(name="two", text="2")\n',
            "b/BUILD": 'toy(name="helper", text="3", tags=["tests-only"])\n',
            "c/BUILD": "other()\n",
            "d/BUILD": 'toy(name="wrong", text="bad")\n',
        }
    )
    return made


def run(runner: RuleRunner, *specs: str, args: Iterable[str] = ()) -> GoalRuleResult:
    return runner.run_goal_rule(
        PackageProducts, args=[*args, *specs], env_inherit={"PATH", "HOME", "PYENV_ROOT"}
    )


def inodes(dist: Path) -> "dict[str, int]":
    return {
        str(path.relative_to(dist)): path.lstat().st_ino
        for path in dist.rglob("*")
        if not path.is_dir() or path.is_symlink()
    }


ALL = {
    "blobs/shared",
    *(f"toys/{name}/{file}" for name in ("one", "two") for file in ("blobs", "program", "text")),
}


def test_a_second_run_leaves_every_file_in_place(runner: RuleRunner) -> None:
    dist = Path(runner.build_root, "dist")
    first = run(runner, "a::")
    before = inodes(dist)
    second = run(runner, "a::")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert set(before) == ALL
    assert inodes(dist) == before
    assert (dist / "toys/one/text").read_text() == "1"
    assert os.access(dist / "toys/one/program", os.X_OK)


def test_what_was_changed_in_dist_is_written_again_and_the_rest_stays(runner: RuleRunner) -> None:
    dist = Path(runner.build_root, "dist")
    run(runner, "a::")
    before = inodes(dist)
    same_size = dist / "toys/one/text"
    same_size.write_text("x")
    os.utime(same_size, ns=(1, 1))
    (dist / "blobs/shared").write_bytes(b"cut off")
    (dist / "toys/two/program").chmod(0o644)
    (dist / "toys/two/blobs").unlink()
    (dist / "toys/two/blobs").mkdir()
    (dist / "toys/two/text").unlink()
    (dist / "toys/two/left over").write_text("of another build")

    assert run(runner, "a::").exit_code == 0

    assert set(inodes(dist)) == ALL
    assert same_size.read_text() == "1"
    assert (dist / "blobs/shared").read_bytes() == b"shared" * 100
    assert os.access(dist / "toys/two/program", os.X_OK)
    assert os.readlink(dist / "toys/two/blobs") == "../../blobs"
    assert inodes(dist)["toys/one/program"] == before["toys/one/program"]


@pytest.mark.parametrize("record", [b"", b"{", b"[1]", b'{"toys/one/text": 3}'])
def test_a_damaged_record_costs_no_right_result(runner: RuleRunner, record: bytes) -> None:
    dist = Path(runner.build_root, "dist")
    run(runner, "a::")
    before = inodes(dist)
    (kept,) = Path(runner.build_root).rglob("written-files.json")
    kept.write_bytes(record)
    assert run(runner, "a::").exit_code == 0
    assert inodes(dist) == before


def test_products_of_another_run_stay(runner: RuleRunner) -> None:
    dist = Path(runner.build_root, "dist")
    run(runner, "a:one")
    assert run(runner, "a:two").exit_code == 0
    assert set(inodes(dist)) == ALL


def test_what_only_tests_need_is_left_out_unless_it_is_all_that_is_named(
    runner: RuleRunner,
) -> None:
    dist = Path(runner.build_root, "dist")
    assert run(runner, "a::", "b::").exit_code == 0
    assert not (dist / "toys/helper").exists()
    assert run(runner, "b::").exit_code == 0
    assert (dist / "toys/helper/text").read_text() == "3"


@pytest.mark.parametrize(
    "spec, message",
    [
        ("d::", "d:wrong: `text` is 'bad'. Write another one."),
        ("e::", "There is no folder e. Beside it are: a, b, c, d."),
        ("a/b/c::", "There is no folder a/b."),
        ("c::", "Nothing that the command names can be packaged. Name a folder with two"),
    ],
)
def test_an_error_is_one_sentence_and_writes_nothing(
    runner: RuleRunner, spec: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(runner, spec)
    assert result.exit_code == 1
    assert not Path(runner.build_root, "dist").exists()
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert message in record.getMessage()
    assert "raceback" not in caplog.text


def test_json_names_what_was_built(runner: RuleRunner) -> None:
    result = run(runner, "a::", args=["--json"])
    assert json.loads(result.stdout)["others"] == ["dist/toys/one", "dist/toys/two"]
