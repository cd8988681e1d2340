"""Each command of the pages is one that exists, with options and arguments that exist. None is run.

What runs the two commands of the README is CI, `.ci/run`.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple, Type

import pytest
import tomli
from pants.engine.goal import GoalSubsystem
from pants.engine.target import Target
from pants.option.global_options import GlobalOptions
from pants.option.option_types import collect_options_info
from pants.option.subsystem import Subsystem

PAGES = [
    Path(name)
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/benchmarks.md",
        "docs/ci.md",
        "docs/commands.md",
        "docs/deploy/README.md",
        "docs/inside.md",
        "docs/local.md",
        "docs/machines.md",
        "docs/packages.md",
        "docs/pants.md",
        "docs/publishing.md",
        "docs/releasing.md",
        "docs/remote-cache.md",
        "docs/vulnerabilities.md",
        "layers/libraries/README.md",
        "versions/README.md",
    )
]

_BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?:\w+=\S+ )*(?:\.ci/container )?(?:\./pants|\.ci/\w+)(?: |$)")
# What the reader replaces.
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_.]*|\.\.\.|X\.Y\.Z")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")
# Goals that take releases by their numbers.
_OF_RELEASES = {"new-release", "release-changes", "seal-release"}
# Part of Pants itself, not of a backend.
_BUILT_IN = {"help", "goals"}


def _subclasses(of: Type[Any]) -> Iterator[Type[Any]]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)


def _load_backends() -> None:
    settings = tomli.loads(Path("pants.toml").read_text())
    for name in ("pants.core", *settings["GLOBAL"]["backend_packages"]):
        importlib.import_module(f"{name}.register")


_load_backends()

GOALS: Set[str] = _BUILT_IN | {
    each.name for each in _subclasses(GoalSubsystem) if hasattr(each, "name")
}
TARGETS: Set[str] = {each.alias for each in _subclasses(Target) if hasattr(each, "alias")}


def options() -> Dict[str, Set[str]]:
    """Options by scope, each as it stands after its scope: `key` of `--sign-key`."""
    found: Dict[str, Set[str]] = {}
    subsystems: List[Type[Any]] = [GlobalOptions, *_subclasses(Subsystem)]
    for each in subsystems:
        scope = getattr(each, "options_scope", None)
        if scope is None:
            continue
        names = found.setdefault(scope, set())
        for info in collect_options_info(each):
            for flag in info.flag_names:
                name = flag.lstrip("-")
                names.update((name, f"no-{name}"))
    return found


OPTIONS = options()


def texts(page: Path) -> Iterator[str]:
    """All code of the page: blocks by line, and what stands in the text."""
    content = page.read_text()
    for block in _BLOCK.findall(content):
        yield from block.replace("\\\n", "").splitlines()
    yield from _INLINE.findall(_BLOCK.sub("", content))


def commands(page: Path) -> Iterator[str]:
    return (text.strip() for text in texts(page) if _COMMAND.match(text.strip()))


ALL: List[Tuple[str, str]] = sorted(
    {(str(page), each) for page in PAGES for each in commands(page)}
)


def _is_option(option: str, goals: List[str]) -> bool:
    name = option[2:].partition("=")[0]
    if name in OPTIONS[""] or option == "--version":
        return True
    if any(name in OPTIONS.get(goal, ()) for goal in goals):
        return True
    parts = name.split("-")
    heads = ("-".join(parts[:count]) for count in range(1, len(parts)))
    return any(name[len(head) + 1 :] in OPTIONS.get(head, ()) for head in heads)


def _is_target(folder: Path, name: str) -> bool:
    build = folder / "BUILD"
    if not build.is_file():
        return False
    text = build.read_text()
    return f'name="{name}"' in text or (name == folder.name and "name=" not in text)


def _is_address(argument: str) -> bool:
    """Whether targets can be there: a folder with BUILD files, a file, or a target's name."""
    path, separator, name = argument.partition(":")
    folder = Path(path)
    if name == ":":
        return folder.is_dir() and any(folder.glob("**/BUILD"))
    if separator:
        return _is_target(folder, name)
    return folder.is_file() or _is_target(folder, folder.name)


def _is_release(argument: str, goals: List[str]) -> bool:
    if not _OF_RELEASES & set(goals):
        return False
    # `new-release` makes the folder.
    return goals == ["new-release"] or Path("versions", argument).is_dir()


def _is_resolve(option: str) -> bool:
    name = option.partition("=")[2]
    return any(Path("3rdparty").glob(f"*/{name}.lock"))


def problems(command: str) -> Iterator[str]:
    """What of a command does not exist."""
    words = shlex.split(command.partition(" #")[0].partition(" >")[0])
    while words and "=" in words[0]:
        words.pop(0)
    while words and words[0].startswith(".ci/"):
        program = words.pop(0)
        if not os.access(program, os.X_OK):
            yield program
        if program != ".ci/container":
            return
    if not words or words[0] != "./pants":
        return
    rest = words[1:]
    if "--" in rest:
        rest = rest[: rest.index("--")]
    goals = [word for word in rest if word in GOALS]
    for word in rest:
        if _PLACEHOLDER.fullmatch(word) or word in goals:
            continue
        if word.startswith("--"):
            if not _is_option(word, goals):
                yield word
            elif word.startswith("--resolve=") and not _PLACEHOLDER.search(word.partition("=")[2]):
                if not _is_resolve(word):
                    yield word
        elif "help" in goals:
            if word not in TARGETS:
                yield word
        elif not (
            _PLACEHOLDER.search(word)
            or (_is_release(word, goals) if _RELEASE.fullmatch(word) else _is_address(word))
        ):
            yield word
    if rest and not goals and not rest[0].startswith("--") and not _PLACEHOLDER.fullmatch(rest[0]):
        yield f"no goal in: {command}"


def test_the_readme_has_the_two_commands_that_set_everything_up() -> None:
    found = list(commands(Path("README.md")))

    assert found.index("./pants package ::") < found.index("./pants test ::")


@pytest.mark.parametrize("page, command", ALL)
def test_what_a_command_names_exists(page: str, command: str) -> None:
    assert list(problems(command)) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_images_that_a_page_names_are_of_releases(page: Path) -> None:
    for number in re.findall(r"astro-runtime:(\d+\.\d+\.\d+)", page.read_text()):
        assert Path("versions", number).is_dir(), number


@pytest.mark.parametrize(
    "command, expected",
    [
        ("./pants pakage ::", ["pakage", "no goal in: ./pants pakage ::"]),
        ("./pants package layers/asto::", ["layers/asto::"]),
        ("./pants package versions/5.0.7:runtine", ["versions/5.0.7:runtine"]),
        ("./pants package versions/5.0.7", ["versions/5.0.7"]),
        ("./pants test tests/gone_test.py", ["tests/gone_test.py"]),
        ("./pants explain --html versions::", []),
        ("./pants explain --htm versions::", ["--htm"]),
        ("./pants explain --key=FILE versions::", ["--key=FILE"]),
        ("PANTS_SIGN_KEY=FILE ./pants --sign-key=FILE sign versions::", []),
        ("./pants --no-remote-cache-read package ::", []),
        ("./pants generate-lockfiles --resolve=bulseye", ["--resolve=bulseye"]),
        ("./pants release-changes 5.0.6 5.9.7", ["5.9.7"]),
        ("./pants help wheel_layers", ["wheel_layers"]),
        ("./pants run versions/5.0.7:dev -- --dags nowhere", []),
        (".ci/container ./pants package nowhere::", ["nowhere::"]),
        (".ci/gone", [".ci/gone"]),
    ],
)
def test_what_does_not_exist_is_found(command: str, expected: List[str]) -> None:
    assert list(problems(command)) == expected
