from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Callable, Dict

import pytest
from astronomer.runtime.security.key_memory import KeyMemory, Record

SOURCE = "https://platform.test/jwks"
NOW = 1000.0
GOOD = Record("{}", good_at=900.0, asked_at=950.0)


def now() -> float:
    return NOW


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that processes share, before the first of them has made it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"astronomer-runtime-{os.geteuid()}"


def test_what_one_process_writes_all_others_read(folder: Path) -> None:
    first, second = KeyMemory(SOURCE, now), KeyMemory(SOURCE, now)
    first.write(GOOD)
    assert second.read() == GOOD
    newer = GOOD._replace(asked_at=960.0)
    second.write(newer)
    assert first.read() == KeyMemory(SOURCE, now).read() == newer
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {each.suffix for each in folder.iterdir()} == {".json"}


def test_another_source_has_another_record() -> None:
    KeyMemory(SOURCE, now).write(GOOD)
    assert KeyMemory(SOURCE + "2", now).read() == Record()


def test_one_process_at_a_time_may_ask() -> None:
    first, second = KeyMemory(SOURCE, now), KeyMemory(SOURCE, now)
    with first.alone() as is_first:
        with second.alone() as is_second:
            assert (is_first, is_second) == (True, False)
    with second.alone() as is_second:
        assert is_second


def is_a_file(folder: Path) -> None:
    folder.write_text("")


def is_a_link(folder: Path) -> None:
    target = folder.with_name("elsewhere")
    target.mkdir(mode=0o700)
    folder.symlink_to(target)


def is_open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)


def is_another_user_s(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)


FOLDERS: Dict[str, Callable[[Path], None]] = {
    each.__name__: each for each in (is_a_file, is_a_link, is_open_to_others, is_another_user_s)
}


@pytest.mark.parametrize("case", FOLDERS)
def test_in_a_folder_that_others_could_write_nothing_is_shared(
    folder: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    if case == is_another_user_s.__name__ and os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    FOLDERS[case](folder)
    first, second = KeyMemory(SOURCE, now), KeyMemory(SOURCE, now)
    for _ in range(3):
        first.write(GOOD)
    # It still knows for itself.
    assert first.read() == GOOD
    assert second.read() == Record()
    with first.alone() as is_first, second.alone() as is_second:
        assert is_first and is_second
    assert len([each for each in caplog.messages if "cannot share" in each]) == 2
    assert not folder.is_dir() or list(folder.iterdir()) == []


def test_without_a_folder_to_write_in_each_process_knows_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    memory = KeyMemory(SOURCE, now)
    memory.write(GOOD)
    assert memory.read() == GOOD


def record_of(folder: Path) -> Path:
    KeyMemory(SOURCE, now).write(GOOD)
    [path] = folder.iterdir()
    return path


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"content": "{}", "good_at": "x", "asked_at": 1}',
        '{"content": "{}", "good_at": 1}',
        '{"content": "{}", "good_at": 5000, "asked_at": 900}',
        '{"content": "{}", "good_at": NaN, "asked_at": 900}',
        "\x00" * 100,
    ],
)
def test_a_record_that_is_broken_or_of_the_future_counts_as_none(
    folder: Path, content: str
) -> None:
    record_of(folder).write_text(content)
    assert KeyMemory(SOURCE, now).read() == Record()


def test_a_record_that_is_a_link_or_a_pipe_is_not_followed(folder: Path) -> None:
    path = record_of(folder)
    elsewhere = path.rename(folder.with_name("elsewhere"))
    path.symlink_to(elsewhere)
    assert KeyMemory(SOURCE, now).read() == Record()
    path.unlink()
    os.mkfifo(path)
    assert KeyMemory(SOURCE, now).read() == Record()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_record_of_another_user_is_not_read(folder: Path) -> None:
    os.chown(record_of(folder), 12345, 12345)
    assert KeyMemory(SOURCE, now).read() == Record()


def test_a_folder_that_is_removed_is_made_again(folder: Path) -> None:
    memory = KeyMemory(SOURCE, now)
    memory.write(GOOD)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert memory.read() == GOOD
    memory.write(GOOD)
    assert KeyMemory(SOURCE, now).read() == GOOD
