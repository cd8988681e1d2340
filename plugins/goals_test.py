"""Every goal of these backends ends errors in one sentence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from oci.goals.one_sentence import told_in_one_sentence

ROOT = Path(__file__).parent


def decorators(path: Path) -> "dict[str, list[str]]":
    """Decorators of each goal's rule in a file, by its name."""
    return {
        node.name: names
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
        for names in [[each.id for each in node.decorator_list if isinstance(each, ast.Name)]]
        if "goal_rule" in names
    }


RULES = {
    f"{path.parts[-3]}.{name}": names
    for path in sorted(ROOT.glob("*/goals/*.py"))
    for name, names in decorators(path).items()
}


def test_goals_are_found() -> None:
    assert {"oci.explain", "runtime.new_release", "vulnerabilities.vulnerabilities"} <= set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_goal_ends_errors_in_one_sentence(rule: str) -> None:
    assert RULES[rule] == ["goal_rule", told_in_one_sentence.__name__]
