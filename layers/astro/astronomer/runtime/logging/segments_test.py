from __future__ import annotations

import random

import pytest
from astronomer.runtime.logging.segments import (
    LARGEST,
    Segment,
    closing,
    contiguous,
    cover,
    parse,
    worth_merging,
)


def test_a_segment_s_name_tells_it_and_sorts() -> None:
    parts = [Segment(0, 9), Segment(9, 1000), Segment(1000, 1001, last=True)]
    assert [parse(each.name) for each in parts] == parts
    assert sorted(each.name for each in parts) == [each.name for each in parts]
    assert parse("1-2.tmp") is None and parse("") is None


def test_what_was_sent_twice_is_read_once() -> None:
    parts = [Segment(0, 10), Segment(10, 20), Segment(10, 35), Segment(35, 40), Segment(0, 20)]
    assert cover(parts) == [Segment(0, 20), Segment(10, 35), Segment(35, 40)]


def test_the_end_is_read_even_if_it_is_empty_or_was_sent_before() -> None:
    end = Segment(20, 20, last=True)
    assert cover([Segment(0, 20), end]) == [Segment(0, 20), end]
    whole = Segment(0, 20, last=True)
    assert cover([Segment(0, 20), whole]) == [whole]


def test_behind_a_hole_a_log_goes_on_for_readers_not_for_its_shipper() -> None:
    parts = [Segment(5, 10), Segment(20, 30)]
    assert cover(parts) == parts
    assert contiguous(parts, 5) == [Segment(5, 10)]
    assert contiguous(parts, 0) == []


@pytest.mark.parametrize("seed", range(20))
def test_any_history_of_sending_and_merging_is_read_in_order_and_once(seed: int) -> None:
    chance = random.Random(seed)
    log = bytes(chance.randrange(256) for _ in range(500))
    present = []
    for _ in range(30):
        start = chance.randrange(len(log))
        present.append(Segment(start, min(len(log), start + chance.randrange(1, 60))))
    present += [Segment(start, start + 50) for start in range(0, len(log), 50)]
    read = b""
    for each in cover(present):
        read += log[len(read) : each.stop]
        assert each.start <= len(read)
    assert read == log


def test_a_long_log_has_few_segments() -> None:
    parts = []
    for number in range(100_000):
        parts.append(Segment(100 * number, 100 * number + 100))
        merged = worth_merging(parts)
        if merged:
            parts[-len(merged) :] = [Segment(merged[0].start, merged[-1].stop)]
    assert len(parts) < 60
    assert cover(parts) == parts


def test_the_end_is_sent_in_one_request() -> None:
    large, small = Segment(0, LARGEST), Segment(LARGEST, LARGEST + 10)
    assert closing([large, small]) == [small]
    assert closing([Segment(0, LARGEST + 1)]) == []
    assert closing([]) == []
