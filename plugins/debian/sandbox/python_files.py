"""Bytecode of the Python modules that packages bring."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Dict, Iterable, Iterator, List, Sequence

from oci.sandbox.bytecode import Source, cached_path, compile_all
from oci.sandbox.errors import SandboxError
from oci.sandbox.interpreter import Interpreter
from oci.sandbox.layer_writer import Entry, file_entry

_MODULE = re.compile(r"usr/lib/(python3/dist-packages|python3\.\d+)/.+\.py")
_INTERPRETER = re.compile(r"usr/bin/python(3\.\d+)")


def interpreter_version(entries: Iterable[Entry]) -> str:
    """The version of the Python among the entries: `3.9`; empty if there is none.

    Raises:
        SandboxError: there are several.
    """
    versions = {match[1] for entry in entries if (match := _INTERPRETER.fullmatch(entry.path))}
    if len(versions) > 1:
        raise SandboxError(
            f"The system would have several Pythons ({', '.join(sorted(versions))}): name the "
            "packages of one in `packages`."
        )
    return versions.pop() if versions else ""


def _sources(modules: Sequence[Entry]) -> Iterator[Source]:
    for entry in modules:
        assert entry.open is not None
        with entry.open() as content:
            yield Source(f"/{entry.path}", content.read(), entry.mtime)


def bytecode_entries(entries: Iterable[Entry], interpreter: Interpreter) -> List[Entry]:
    """Entries of the bytecode of all modules among the entries, with the folders that hold it.

    Args:
        entries: The layer, without bytecode.
        interpreter: A Python of the version in the image.
    """
    modules = {
        entry.path: entry
        for entry in entries
        if entry.kind == "file" and _MODULE.fullmatch(entry.path)
    }
    result: Dict[str, Entry] = {}
    ordered = [modules[path] for path in sorted(modules)]
    for source, pyc in compile_all(_sources(ordered), interpreter.command, interpreter.env):
        module = modules[source[1:]]
        path = cached_path(module.path, interpreter.tag)
        folder = path.rpartition("/")[0]
        # The folder's time is that of its first module, not of the build.
        result.setdefault(folder, Entry(folder, "dir", 0o755, module.mtime))
        compiled = file_entry(path, pyc, 0o644, module.mtime)
        result[path] = replace(compiled, package=module.package)
    return list(result.values())
