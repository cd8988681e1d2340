"""The Python whose bytecode a layer holds: the one that the image runs, from a tree on the host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from oci.sandbox.errors import SandboxError


@dataclass(frozen=True)
class Interpreter:
    """A Python, and how to run it."""

    command: Tuple[str, ...]

    env: Dict[str, str]
    """The whole environment of the command."""

    version: str
    """Without the patch version: `3.9`."""

    @property
    def tag(self) -> str:
        """What the names of its bytecode files carry: `cpython-39`. Source: PEP 3147."""
        return f"cpython-{self.version.replace('.', '')}"

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Interpreter:
        """Read what `oci.toolchain.Interpreter.spec` gives; its tree lies below the current folder.

        Raises:
            SandboxError: the interpreter's name does not say its version.
        """
        tree = Path(spec["tree"]).absolute()
        python = tree / spec["python"]
        match = re.search(r"\d+\.\d+$", python.name)
        if not match:
            raise SandboxError(f"The interpreter {spec['python']} does not say its version.")
        env = {
            "LD_LIBRARY_PATH": ":".join(str(tree / folder) for folder in spec["library_path"]),
            "PYTHONHOME": str(tree / spec["python_home"]),
            "LC_ALL": "C.UTF-8",
        }
        return cls((str(python),), env, match[0])
