from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.errors import BadLayout
from tests.engine.session import REPOSITORY_PREFIX, Engine, engine_session
from tests.engine.tiny_image import EXIT_CODE, GREETING, write_tiny_layout


def test_an_image_of_a_layout_runs(engine: Engine, tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "engine-runs")

    finished = engine.run(engine.load(tmp_path / "engine-runs", keep=False))

    assert finished.stdout == GREETING
    assert finished.exit_code == EXIT_CODE


def test_a_newer_build_of_an_image_replaces_the_older(
    engine: Engine, engine_at: str, tmp_path: Path
) -> None:
    write_tiny_layout(tmp_path / "old" / "engine-replaces", label="old")
    write_tiny_layout(tmp_path / "new" / "engine-replaces", label="new")
    engine.load(tmp_path / "old" / "engine-replaces", keep=False)
    newer = engine.load(tmp_path / "new" / "engine-replaces", keep=False)

    with engine_session(engine_at) as other:
        assert other.tags(REPOSITORY_PREFIX + "engine-replaces") == [newer]


def test_an_image_that_is_there_is_not_loaded_again(
    engine: Engine, engine_at: str, tmp_path: Path
) -> None:
    write_tiny_layout(tmp_path / "engine-again")
    tag = engine.load(tmp_path / "engine-again", keep=False)
    for layer in (tmp_path / "engine-again" / "blobs" / "sha256").iterdir():
        if layer.read_bytes().startswith(b"\x1f\x8b"):
            layer.unlink()

    with engine_session(engine_at) as other:
        assert other.load(tmp_path / "engine-again", keep=False) == tag


def test_a_session_removes_its_containers_volumes_and_builds(
    engine: Engine, engine_at: str, tmp_path: Path
) -> None:
    write_tiny_layout(tmp_path / "engine-cleans")
    image = engine.load(tmp_path / "engine-cleans", keep=False)
    with engine_session(engine_at) as other:
        container = other.start(image)
        volume = other.volume(image, "/data", {"file": "content"})
        built = other.build({"Dockerfile": f"FROM {image}\nENV A=b\n"})
        assert built.image, built.log
        assert other.exists(container.id, volume, built.image)

    assert not engine.exists(container.id, volume, built.image)


def test_a_failed_build_gives_its_log_and_no_image(engine: Engine, tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "engine-fails")
    image = engine.load(tmp_path / "engine-fails", keep=False)

    built = engine.build({"Dockerfile": f'FROM {image}\nENV A=b\nRUN ["/hello"]\n'})

    assert built.image == ""
    assert GREETING in built.log
    assert f"non-zero code: {EXIT_CODE}" in built.log


def test_a_missing_layout_says_what_to_build(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(BadLayout, match="Build the image with `./pants package`"):
        engine.load(tmp_path / "absent")
