from __future__ import annotations

import pytest
from pants.util.frozendict import FrozenDict
from wheels.division import Division, DivisionError, divide, read_division, write_division
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.resolve import WheelResolve


def lock(**versions: str) -> WheelLock:
    return WheelLock(
        "demo",
        LockInputs.of(WheelResolve("demo", ())),
        FrozenDict(
            {
                name: LockedDistribution(name, version, f"{name}-{version}.tar.gz", 10, "00", ())
                for name, version in versions.items()
            }
        ),
    )


def divided(
    *locks: WheelLock, layers: tuple[str, ...], elsewhere: tuple[str, ...] = ()
) -> Division:
    return {name: sorted(held) for name, held in divide(locks, layers, elsewhere).items()}


def test_what_changes_in_the_same_releases_lies_together() -> None:
    assert divided(
        lock(early="1", early2="1", late="1", late2="7"),
        lock(early="2", early2="2", late="1", late2="7"),
        lock(early="2", early2="2", late="2", late2="8"),
        layers=("early", "late"),
    ) == {"early": ["early", "early2"], "late": ["late", "late2"]}


def test_what_fits_no_layer_is_left_to_another() -> None:
    assert divided(lock(often="1", never="1"), lock(often="2", never="1"), layers=("often",)) == {
        "often": ["often"]
    }


def test_what_another_layer_holds_is_not_divided() -> None:
    assert divided(lock(a="1", b="1"), layers=("a",), elsewhere=("b",)) == {"a": ["a"]}


def test_the_order_of_names_and_layers_makes_no_difference() -> None:
    locks = [lock(a="1", b="1", c="1", d="1"), lock(a="2", b="1", c="2", d="1")]
    again = [lock(d="1", c="1", b="1", a="1"), lock(b="1", d="1", c="2", a="2")]

    assert divided(*locks, layers=("a", "b")) == divided(*again, layers=("b", "a"))


def test_a_layer_is_named_after_a_library() -> None:
    with pytest.raises(DivisionError, match="No lock has a library 'nump'"):
        divide([lock(numpy="1")], ["nump"], ())


def test_two_layers_of_what_changes_alike_are_one() -> None:
    with pytest.raises(DivisionError, match="one layer is enough"):
        divide([lock(a="1", b="1"), lock(a="2", b="2")], ["a", "b"], ())


def test_a_division_is_read_as_it_was_written() -> None:
    assert read_division("d.json", write_division({"b": ["z", "y"]})) == {"b": ("y", "z")}


@pytest.mark.parametrize(
    "content, message",
    [
        (b"{", "^d.json: a value in it cannot be read"),
        (b"[]", "^d.json: this is not a mapping of fields. See layers/libraries/README.md"),
        (b'{"a": "b"}', "^d.json: `a` is 'b'. Write a list of names"),
        (b'{"a": ["x"], "b": ["x"]}', "names 'x' for 'a' and for 'b'"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(content: bytes, message: str) -> None:
    with pytest.raises(DivisionError, match=message):
        read_division("d.json", content)
