"""The contract for the programs that build layers.

Layers are built by a locked Python and locked compressors rather than by the host's, so that the
same commit gives the same bytes on every machine. This backend does not know where they come from:
`[oci].toolchain` names a target, and the backend of that target provides the tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.environment import EnvironmentName
from pants.engine.fs import Digest
from pants.engine.target import FieldSet
from pants.engine.unions import union
from pants.util.frozendict import FrozenDict


@union(in_scope_types=[EnvironmentName])
@dataclass(frozen=True)
class ToolchainFieldSet(FieldSet):
    """A target that provides programs; its backend has a rule from the subclass to `Toolchain`."""


@dataclass(frozen=True)
class Toolchain:
    """A tree of programs that run on the host from wherever the tree lies."""

    digest: Digest

    bin: str
    """Folder of the programs, relative to the tree: `usr/bin`."""

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
