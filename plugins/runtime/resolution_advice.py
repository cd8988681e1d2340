"""Which options of `new-release` resolve a conflict that the solver has told."""

from __future__ import annotations

import re
from typing import Iterator, Mapping

from runtime.changes import PROVIDER_PREFIX

_NAME = r"[a-z0-9][a-z0-9._-]*"
# `amazon==6.0.0 depends on common-sql>=1.2.0`
_ASKED = re.compile(
    rf"(?P<by>{_NAME})(?:\[[^]]*\])?(?:[<>=!~]\S*)? depends on "
    rf"(?P<name>{_NAME})(?:\[[^]]*\])?(?P<range>[<>=!~][^\s]*)"
)
_PINNED = re.compile(rf"you require (?P<name>{_NAME})(?:\[[^]]*\])?==")
_PUBLISHED = re.compile(
    rf"`(?P<name>{_NAME})[^`]*` was filtered by .* version, v(?P<version>\S+), "
    r"was published at (?P<day>\d{4}-\d{2}-\d{2})"
)
_BUILD = re.compile(rf"What (?P<name>{_NAME}) (?P<version>\S+) requires is known only once")
_ANY = "VERSION"


def _option(
    name: str, version: str, providers: Mapping[str, str], packages: Mapping[str, str]
) -> str:
    """The option that gives a package a version, with what the command has of it already."""
    if name == "apache-airflow":
        return f"`--airflow={version}`"
    short = name[len(PROVIDER_PREFIX) :]
    if name.startswith(PROVIDER_PREFIX):
        option, versions = "providers", {**providers, short: version}
    else:
        option, versions = "packages", {**packages, name: version}
    pairs = ", ".join(f"'{key}': '{value}'" for key, value in versions.items())
    return f'`--{option}="{{{pairs}}}"`'


def advice(
    message: str, providers: Mapping[str, str], packages: Mapping[str, str]
) -> tuple[str, ...]:
    """Sentences about the options that may resolve a conflict; none where it is of another kind.

    Args:
        message: What the solver says, as `wheels.sandbox.unresolved` tells it.
        providers: The option as it was given.
        packages: The same.
    """
    # The solver may come to one requirement by two ways.
    return tuple(dict.fromkeys(_advice(message, providers, packages)))


def _advice(
    message: str, providers: Mapping[str, str], packages: Mapping[str, str]
) -> Iterator[str]:
    pinned = {match["name"] for match in _PINNED.finditer(message)}
    for match in _ASKED.finditer(message):
        name, wanted = match["name"], match["range"].rstrip(".,")
        if name not in pinned:
            continue
        lowest = re.fullmatch(r">=([\w.]+)", wanted)
        version = lowest[1] if lowest else _ANY
        fitting = "" if lowest else f", {_ANY} being one that fits {wanted}"
        yield (
            f"{match['by']} asks for {name}{wanted}: add "
            f"{_option(name, version, providers, packages)}{fitting}, or take another "
            f"{match['by']}."
        )
    for match in _PUBLISHED.finditer(message):
        yield (
            f"{match['name']} {match['version']} was published on {match['day']}: add "
            f"`--date={match['day']}`, or a later day."
        )
    for match in _BUILD.finditer(message):
        name = match["name"]
        yield (
            f"Add {_option(name, _ANY, providers, packages)}, {_ANY} being another one of {name}, "
            "or another day with `--date`."
        )
