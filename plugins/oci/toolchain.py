"""The contract for the programs that build layers.

Layers are built by a locked Python and locked compressors rather than by the host's, so that the
same commit gives the same bytes on every machine. This backend does not know where they come from:
`[oci].toolchain` names a target, and the backend of that target provides the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pants.engine.environment import EnvironmentName
from pants.engine.fs import Digest
from pants.engine.target import FieldSet
from pants.engine.unions import union
from pants.util.frozendict import FrozenDict

TOOLCHAIN_MOUNT = "__toolchain"
"""Where the toolchain's tree lies in the sandbox of every process that builds a layer."""

_INTERPRETER_MOUNT = "__interpreter"


@union(in_scope_types=[EnvironmentName])
@dataclass(frozen=True)
class ToolchainFieldSet(FieldSet):
    """A target that provides programs; its backend has a rule from the subclass to `Toolchain`."""


@dataclass(frozen=True)
class Toolchain:
    """A tree of programs that run on the host from wherever the tree lies."""

    digest: Digest

    python: str
    """The Python interpreter, relative to the tree: `usr/bin/python3.9`. Empty if there is none."""

    library_path: tuple[str, ...]
    """Folders of shared libraries, relative to the tree."""

    python_home: str
    """What `PYTHONHOME` must be, relative to the tree."""

    def env(self, mount: str) -> FrozenDict[str, str]:
        """The environment that runs the tree's programs when it lies at `mount` in a sandbox."""
        libraries = ":".join(f"{{chroot}}/{mount}/{folder}" for folder in self.library_path)
        return FrozenDict(
            {
                "LD_LIBRARY_PATH": libraries,
                "PYTHONHOME": f"{{chroot}}/{mount}/{self.python_home}",
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                "LC_ALL": "C.UTF-8",
            }
        )


@dataclass(frozen=True)
class LayerToolchain:
    """The toolchain of `[oci].toolchain`: Python, `igzip` and `zstd`."""

    toolchain: Toolchain


@dataclass(frozen=True)
class ToolchainRequest:
    """Asks for the toolchain of the target with this address spec."""

    spec: str

    origin: str
    """Who names it, for errors: "the `[oci].toolchain` option"."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that compiles the modules of a layer."""

    version: str
    """Without the patch version: `3.9`."""

    toolchain: Toolchain

    mount: str
    """Where the toolchain's tree lies in the sandbox of a `LayerProcess`."""

    @classmethod
    def of(cls, toolchain: Toolchain, tools: LayerToolchain) -> Interpreter:
        """The Python of a toolchain, beside the tools that build layers.

        Raises:
            ValueError: the toolchain holds no Python of a known version.
        """
        match = re.search(r"python(3\.\d+)$", toolchain.python)
        if not match:
            raise ValueError("there is no Python of a known version")
        same = toolchain.digest == tools.toolchain.digest
        return cls(match[1], toolchain, TOOLCHAIN_MOUNT if same else _INTERPRETER_MOUNT)

    @property
    def immutable_input_digests(self) -> FrozenDict[str, Digest]:
        """What a `LayerProcess` needs besides, to run it."""
        own = self.mount == _INTERPRETER_MOUNT
        return FrozenDict({self.mount: self.toolchain.digest} if own else {})

    def spec(self) -> dict[str, Any]:
        """What `oci.sandbox.interpreter` reads."""
        return {
            "tree": self.mount,
            "python": self.toolchain.python,
            "library_path": list(self.toolchain.library_path),
            "python_home": self.toolchain.python_home,
        }


@dataclass(frozen=True)
class InterpreterRequest:
    """Asks for the Python that compiles the modules of a layer."""

    version: str
    """Of the Python in the image: `3.9`. Empty for that of `[oci].toolchain`."""

    origin: str
    """Who has that Python, for errors: "layers/python:python"."""
