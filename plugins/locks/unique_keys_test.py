from __future__ import annotations

import datetime

import pytest
import yaml
from locks.unique_keys import DuplicateKey, read_json, read_yaml


@pytest.mark.parametrize(
    "text, key, line",
    [
        ("a: 1\nb: 2\na: 3\n", "'a'", 3),
        ("x:\n  a: 1\n  a: 1\n", "'a'", 3),
        ("- {a: 1, 'a': 2}\n", "'a'", 1),
        ("true: 1\nyes: 2\n", "True", 2),
        ("2022-07-11: a\n2022-07-11: b\n", "datetime.date(2022, 7, 11)", 2),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  d: 1\n  d: 2\n", "'d'", 5),
    ],
)
def test_a_key_that_yaml_names_twice_is_refused(text: str, key: str, line: int) -> None:
    with pytest.raises(DuplicateKey) as error:
        read_yaml(text)
    assert str(error.value) == f"the key {key} stands twice, again in line {line}"


def test_other_yaml_is_read_as_ever() -> None:
    text = "base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\nday: 2022-07-11\n"

    assert read_yaml(text) == {
        "base": {"a": 1, "b": 2},
        # A mapping may say otherwise than what it takes over.
        "more": {"a": 1, "b": 3},
        "day": datetime.date(2022, 7, 11),
    }


@pytest.mark.parametrize("text", ["{a: 1", "[1, 2]: 3", "!!python/object/apply:os.getcwd []"])
def test_what_is_no_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "a": 3}}]'])
def test_a_key_that_json_names_twice_is_refused(text: str) -> None:
    with pytest.raises(DuplicateKey, match="^the key 'a' stands twice in one object$"):
        read_json(text)
    assert read_json('{"a": {"a": [1]}}') == {"a": {"a": [1]}}
