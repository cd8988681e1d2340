from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest
from pants.testutil.rule_runner import RuleRunner
from runtime.goals import release_changes
from runtime.goals.release_changes import ReleaseChanges
from runtime.target_types import RuntimeReleaseTarget
from runtime.testutil import POLICY_PATH
from runtime.util_rules import catalogue, release

POLICY = {POLICY_PATH: Path(POLICY_PATH).read_text()}
RELEASE = {
    "versions/5.0.6/BUILD": 'runtime_release(name="release")\n',
    "versions/5.0.6/release.yaml": "release: 5.0.6\n",
}


@pytest.fixture
def runner() -> RuleRunner:
    return RuleRunner(
        rules=[*catalogue.rules(), *release.rules(), *release_changes.rules()],
        target_types=[RuntimeReleaseTarget],
    )


@pytest.mark.parametrize(
    "files, message",
    [
        ({"README.md": ""}, "versions/policy.yaml: there is no version policy. Restore it, or set"),
        ({**POLICY, **RELEASE}, "versions/5.0.6/release.yaml: the field `airflow` is missing."),
        (POLICY, "There is no release 5.0.6 (there are: )."),
    ],
)
def test_what_cannot_be_read_is_one_sentence_without_a_traceback(
    runner: RuleRunner, files: Mapping[str, str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    runner.write_files(files)
    result = runner.run_goal_rule(ReleaseChanges, args=["5.0.6", "5.0.7"])

    assert result.exit_code == 1
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert record.getMessage().startswith(message)
    assert "raceback" not in caplog.text
