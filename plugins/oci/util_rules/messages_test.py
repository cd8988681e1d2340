from __future__ import annotations

import pytest
from oci.util_rules.messages import in_key, message
from pants.engine.fs import EMPTY_DIGEST, EMPTY_FILE_DIGEST
from pants.engine.internals.native_engine import ProcessExecutionEnvironment
from pants.engine.process import FallibleProcessResult, ProcessResultMetadata

COMMAND = "generate-lockfiles --resolve=bullseye"


def failed(stderr: str, exit_code: int = 1) -> FallibleProcessResult:
    where = ProcessExecutionEnvironment(
        environment_name=None,
        platform="linux_x86_64",
        docker_image=None,
        remote_execution=False,
        remote_execution_extra_platform_properties=[],
    )
    return FallibleProcessResult(
        stdout=b"",
        stdout_digest=EMPTY_FILE_DIGEST,
        stderr=stderr.encode(),
        stderr_digest=EMPTY_FILE_DIGEST,
        exit_code=exit_code,
        output_digest=EMPTY_DIGEST,
        metadata=ProcessResultMetadata(None, where, "ran", 0),
    )


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
