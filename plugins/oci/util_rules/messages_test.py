from __future__ import annotations

from typing import cast
from unittest.mock import Mock

import pytest
from oci.util_rules.messages import in_key, message
from pants.engine.process import FallibleProcessResult

COMMAND = "generate-lockfiles --resolve=bullseye"


def failed(stderr: str, exit_code: int = 1) -> FallibleProcessResult:
    return cast(FallibleProcessResult, Mock(stderr=stderr.encode(), exit_code=exit_code))


def test_the_launcher_s_name_is_in_messages_and_not_in_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = set()
    for launcher in ("pants", "./pants"):
        monkeypatch.setenv("__PANTS_BIN_NAME", launcher)
        key = in_key(f"{launcher} {COMMAND}")
        keys.add(key)
        assert message("Fetch", failed(f"Run `{key}`.\n")) == f"Run `{launcher} {COMMAND}`."

    assert len(keys) == 1


def test_a_full_disk_is_told_with_the_fix_whoever_met_it() -> None:
    words = "cp: error writing 'debs/a.deb': No space left on device\n"

    assert message("Fetch", failed(words)).startswith("The disk is full. Free space")


def test_a_process_that_could_say_nothing_is_named() -> None:
    assert message("Build layer a:b", failed("", -9)).startswith(
        "Build layer a:b: the process was killed by signal 9"
    )
    assert message("Build layer a:b", failed("", 3)).startswith(
        "Build layer a:b: the process ended with status 3"
    )
