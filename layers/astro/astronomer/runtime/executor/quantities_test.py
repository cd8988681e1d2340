from __future__ import annotations

from typing import Any

import pytest
from astronomer.runtime.executor import quantities
from astronomer.runtime.executor.quantities import InvalidQuantity


@pytest.mark.parametrize(
    "value, millis",
    [("1.5", 1500), ("500m", 500), (2, 2000), (0.25, 250), ("0", 0), (" 1 ", 1000), ("1m", 1)],
)
def test_cores_are_read_as_people_write_them(value: Any, millis: int) -> None:
    assert quantities.cpu_millis(value) == millis


@pytest.mark.parametrize(
    "value, amount",
    [
        ("1024MB", 1024 * 10**6),
        ("1Gi", 2**30),
        ("1GiB", 2**30),
        ("1.5G", 1_500_000_000),
        ("512 Mi", 2**29),
        (2**21, 2**21),
        (0, 0),
        ("2e9", 2 * 10**9),
    ],
)
def test_memory_is_read_with_its_unit(value: Any, amount: int) -> None:
    assert quantities.memory_bytes(value) == amount


@pytest.mark.parametrize("value", [1, 64, "2", 3.0])
def test_slots_are_whole_numbers(value: Any) -> None:
    assert quantities.slots(value) == int(value)


@pytest.mark.parametrize(
    "value",
    ["-1", -1, "", "much", None, True, "1 core", float("nan"), "inf", 10**9, [], "0.0001"],
)
def test_wrong_cores_are_refused_in_a_sentence_with_the_value(value: Any) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        quantities.cpu_millis(value)
    assert str(caught.value).startswith(f"`cpu` is {value!r}; set it to cores from 0 to 4096")


@pytest.mark.parametrize(
    "value",
    ["-1Gi", -(2**30), "", "1XB", "Gi", None, True, "NaN", "1e400Gi", 1024, "1m", "2000Ti", {}],
)
def test_wrong_memory_is_refused_in_a_sentence_with_the_value(value: Any) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        quantities.memory_bytes(value)
    assert str(caught.value).startswith(f"`memory` is {value!r}; set it to an amount from 1Mi")


@pytest.mark.parametrize("value", [0, 65, 1.5, "two", None, True, "-3", float("inf")])
def test_wrong_slots_are_refused_in_a_sentence_with_the_value(value: Any) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        quantities.slots(value)
    assert str(caught.value) == f"`slots` is {value!r}; set it to a whole number from 1 to 64"
