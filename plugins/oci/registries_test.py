from __future__ import annotations

import pytest
from oci.registries import ALL_DEFAULT_REGISTRIES, Registries, RegistryOptionsError

OPTIONS = {
    "default": {"address": "one.example.com", "repository": "astronomer/{repository}"},
    "second": {"address": "two.example.com", "default": True},
    "third": {"address": "three.example.com", "repository": "{directory}/{name}"},
}
VALUES = {
    "repository": "astro-runtime",
    "name": "runtime",
    "directory": "5.0.6",
    "parent_directory": "versions",
}


def addresses(*names: str) -> "list[str]":
    return [registry.address for registry in Registries.from_dict(OPTIONS).get("//:x", names)]


def test_images_go_to_the_default_registries_or_to_those_that_they_name() -> None:
    assert addresses(ALL_DEFAULT_REGISTRIES) == ["one.example.com", "two.example.com"]
    assert addresses("@third", "four.example.com") == ["three.example.com", "four.example.com"]
    assert addresses(ALL_DEFAULT_REGISTRIES, "@second", "two.example.com") == addresses(
        ALL_DEFAULT_REGISTRIES
    )


def test_repositories_are_made_of_templates() -> None:
    registries = Registries.from_dict(OPTIONS).by_alias
    names = [registry.repository_of("//:x", VALUES) for registry in registries.values()]
    assert names == ["astronomer/astro-runtime", "astro-runtime", "5.0.6/runtime"]


@pytest.mark.parametrize(
    "template, sentence",
    [
        ("{repo}", r"`repository` is '\{repo\}'. It may use \{repository\}, \{name\}"),
        ("{", "It may use"),
        ("Team/{name}", "makes 'Team/runtime' of //:x"),
        ("../{name}", "makes '../runtime' of //:x"),
        ("{name}:{directory}", "makes 'runtime:5.0.6' of //:x"),
    ],
)
def test_a_template_that_makes_no_name_is_told(template: str, sentence: str) -> None:
    options = {"here": {"address": "example.com", "repository": template}}
    (registry,) = Registries.from_dict(options).by_alias.values()
    with pytest.raises(RegistryOptionsError, match=sentence):
        registry.repository_of("//:x", VALUES)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({}, "has no `address`"),
        ("example.com", "must be a table"),
        ({"adress": "example.com"}, "has no option `adress`: did you mean `address`"),
        ({"address": 5}, "`address` is 5, which it cannot be"),
        ({"address": "example.com", "plain_http": "yes"}, "`plain_http` is 'yes'"),
        ({"address": "example.com", "chunk_mb": 0}, "`chunk_mb` is 0"),
    ],
)
def test_a_wrong_entry_is_told_with_its_key(options: object, sentence: str) -> None:
    with pytest.raises(RegistryOptionsError, match=sentence) as error:
        Registries.from_dict({"here": options})
    assert "`[oci].registries` 'here'" in str(error.value)


def test_a_name_that_is_nowhere_is_told_with_the_target() -> None:
    with pytest.raises(RegistryOptionsError, match="//:x: `registries` names '@fourth'"):
        addresses("@fourth")
