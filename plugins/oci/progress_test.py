from __future__ import annotations

from contextlib import ExitStack

import pytest
from oci.progress import Progress


class Clock:
    """Seconds that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_say_what_is_ready_and_what_is_left() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Progress(lines.append, clock)
    with progress.layer("a"), progress.layer("b"), progress.layer("b"):
        with progress.fetch({"x": 3_000_000, "y": 1_000_000}), progress.fetch({"y": 1_000_000}):
            clock.now += 6
        with progress.layer("c"):
            clock.now += 8
    assert lines == [
        "0 of 2 layers are ready, 1.0 MB of 4.0 MB fetched.",
        "1 of 3 layers are ready, 4.0 MB of 4.0 MB fetched.",
    ]


def test_a_quick_build_says_nothing() -> None:
    lines: list[str] = []
    progress = Progress(lines.append, Clock())
    with ExitStack() as stack:
        for number in range(40):
            stack.enter_context(progress.layer(str(number)))
    assert lines == []


def test_a_long_build_says_it_in_few_lines() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Progress(lines.append, clock)
    with progress.layer("slow"):
        for number in range(900):
            with progress.layer(str(number)):
                clock.now += 1
    assert 10 < len(lines) < 20


def test_what_failed_is_not_ready_and_the_next_build_counts_anew() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Progress(lines.append, clock)
    with pytest.raises(ValueError, match="full"), progress.layer("a"):
        raise ValueError("full")
    with progress.layer("b"):
        clock.now += 6
    assert lines == ["1 of 1 layers are ready."]
