from __future__ import annotations

import pytest
from debian.util_rules.solve import SolveTarget, bases_first
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException


def targets(**bases: str) -> dict[Address, SolveTarget]:
    return {
        Address(name): SolveTarget(Address(name), ("a",), Address(base) if base else None, False)
        for name, base in bases.items()
    }


def test_a_base_is_solved_before_what_stands_on_it() -> None:
    ordered = bases_first("bullseye", targets(a="b", b="c", c=""))

    assert [target.address.spec for target in ordered] == ["c:c", "b:b", "a:a"]


def test_bases_in_a_circle_are_refused() -> None:
    with pytest.raises(InvalidFieldException, match="a:a: `base` leads back to the target"):
        bases_first("bullseye", targets(a="b", b="a"))


def test_a_base_of_another_resolve_is_refused() -> None:
    with pytest.raises(InvalidFieldException, match="not a `debian_layer` of the resolve"):
        bases_first("bullseye", targets(a="elsewhere"))
