"""Puts the plain Python of `*.sandbox` packages into a build sandbox."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Iterable

from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

MOUNT = "__code"
"""Where the code lies in a sandbox: an entry of PYTHONPATH."""


@dataclass(frozen=True)
class SandboxCode:
    """The modules of these packages, at their import paths."""

    packages: tuple[str, ...]


@rule
async def sandbox_code(request: SandboxCode) -> Digest:
    files = []
    for name in sorted(set(request.packages)):
        package = importlib.import_module(name)
        folder = name.replace(".", "/")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.endswith("_test"):
                continue
            source = pkgutil.get_data(name, f"{module.name}.py")
            assert source is not None
            files.append(FileContent(f"{folder}/{module.name}.py", source))
    return await Get(Digest, CreateDigest(files))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
