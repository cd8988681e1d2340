from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locks.lock import LockError
from pants.util.frozendict import FrozenDict
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.partition import check_partition, select
from wheels.resolve import WheelResolve


def lock(**required_by: tuple[str, ...]) -> WheelLock:
    return WheelLock(
        "demo",
        LockInputs.of(WheelResolve("demo", ())),
        FrozenDict(
            {
                name: LockedDistribution(name, "1", f"{name}-1.tar.gz", 1, "00", parents)
                for name, parents in required_by.items()
            }
        ),
    )


# app needs web and a plugin; the plugin needs cloud and web.
APP = lock(app=(), web=("app", "plugin"), plugin=("app",), cloud=("plugin",), tool=())


def chosen(
    *distributions: str, transitive: bool = False, exclude: tuple[str, ...] = ()
) -> set[str]:
    return set(select(APP, distributions, transitive=transitive, exclude=exclude))


def test_names_and_patterns_choose() -> None:
    assert chosen("app", "c*") == {"app", "cloud"}


def test_a_transitive_layer_holds_what_its_distributions_need() -> None:
    assert chosen("app", transitive=True) == {"app", "web", "plugin", "cloud"}


def test_what_only_an_excluded_distribution_needs_is_left_out_too() -> None:
    assert chosen("app", transitive=True, exclude=("plug*",)) == {"app", "web"}


def test_a_name_that_is_not_in_the_lock_is_told() -> None:
    with pytest.raises(LockError, match="names 'ap', which the resolve 'demo' does not have"):
        chosen("ap")


def test_circles_of_requirements_end() -> None:
    circle = lock(a=("b",), b=("a",))

    assert select(circle, ["a"], transitive=True, exclude=()) == {"a", "b"}


def test_layers_that_hold_everything_once_are_fine() -> None:
    layers = {"//:one": frozenset({"app", "web"}), "//:two": frozenset({"plugin", "cloud", "tool"})}

    check_partition(APP, layers)


def test_a_distribution_in_two_layers_is_told_with_both() -> None:
    layers = {"//:one": frozenset(APP.distributions), "//:two": frozenset({"web"})}

    with pytest.raises(LockError, match="//:one and //:two both hold 'web'"):
        check_partition(APP, layers)


def test_a_distribution_in_no_layer_is_told() -> None:
    layers = {"//:one": frozenset(APP.distributions) - {"tool"}}

    with pytest.raises(LockError, match="No layer holds 'tool'"):
        check_partition(APP, layers)


names = st.integers(0, 9).map(lambda number: f"d{number}")


@given(st.dictionaries(names, st.frozensets(names).map(tuple)), st.frozensets(names))
def test_a_selection_and_the_rest_are_a_partition(
    edges: dict[str, tuple[str, ...]], exclude: frozenset[str]
) -> None:
    some = lock(**edges)
    first = select(some, ["d[0-4]"], transitive=True, exclude=exclude)
    rest = select(some, ["*"], transitive=False, exclude=()) - first

    check_partition(some, {"first": first, "rest": rest})
    assert not first & exclude
