"""Puts the plain Python of `*.sandbox` packages into a build sandbox."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping

from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

_SHARED = ("oci.format", "oci.sandbox")

MOUNT = "__code"
"""Where the code lies in a sandbox: an entry of PYTHONPATH."""


@dataclass(frozen=True)
class SandboxCode:
    """A module with all that it imports, at their import paths.

    It may import its own package, `oci.format`, `oci.sandbox`, and libraries.

    Nothing else of the packages: the code is part of a step's cache key, and an edit of a module
    that builds no layer must not build all layers anew.
    """

    module: str


def _sources(packages: Iterable[str]) -> dict[str, bytes]:
    """The sources of packages by the names of their modules."""
    found = {}
    for name in packages:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__):
            source = pkgutil.get_data(name, f"{module.name}.py")
            assert source is not None
            found[f"{name}.{module.name}"] = source
    return found


def _mentioned(module: str, source: bytes) -> Iterator[str]:
    """Names that a module imports, starts with `-m`, or reads as files beside it."""
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            if node.value.endswith(".py"):
                yield f"{package}.{node.value[:-3]}"


def needed(module: str, sources: Mapping[str, bytes]) -> tuple[str, ...]:
    """A module and all that it needs of some modules, sorted.

    Args:
        module: The one to run.
        sources: What there is, by name.
    """
    found = {module}
    queue = [module]
    while queue:
        name = queue.pop()
        for other in _mentioned(name, sources[name]):
            if other in sources and other not in found:
                found.add(other)
                queue.append(other)
    return tuple(sorted(found))


@rule
async def sandbox_code(request: SandboxCode) -> Digest:
    own = request.module.rpartition(".")[0]
    sources = _sources(sorted({own, *_SHARED}))
    return await Get(
        Digest,
        CreateDigest(
            FileContent(f"{name.replace('.', '/')}.py", sources[name])
            for name in needed(request.module, sources)
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
