"""Builds `files_layer` targets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Iterable

from oci.layer import BuiltLayer, LayerFieldSet, LayerProcess
from oci.target_types import (
    LayerDirectoriesField,
    LayerFilesField,
    LayerSourcesField,
    LayerSymlinksField,
)
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestEntries,
    FileContent,
    FileEntry,
    MergeDigests,
)
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

_SPEC = "spec.json"
_ROOT = "root"
_DIRECTORY = re.compile(r"(\d+):(\d+) (0[0-7]{3,4})")


@dataclass(frozen=True)
class FilesLayerFieldSet(LayerFieldSet):
    required_fields = (LayerFilesField, LayerSymlinksField, LayerDirectoriesField)

    sources: LayerSourcesField
    files: LayerFilesField
    symlinks: LayerSymlinksField
    directories: LayerDirectoriesField


def _directories(field_set: FilesLayerFieldSet) -> dict[str, tuple[int, int, int]]:
    result = {}
    for path, text in (field_set.directories.value or {}).items():
        match = _DIRECTORY.fullmatch(text)
        if not match:
            raise InvalidFieldException(
                f"{field_set.address}: `directories` gives '{text}' for {path}. Write "
                "`UID:GID MODE` in numbers, for example '50000:0 0775'."
            )
        result[path] = (int(match[1]), int(match[2]), int(match[3], 8))
    return result


@rule(desc="Build a layer of files", level=LogLevel.DEBUG)
async def build_files_layer(field_set: FilesLayerFieldSet) -> BuiltLayer:
    sources = await Get(SourceFiles, SourceFilesRequest([field_set.sources]))
    entries = await Get(DigestEntries, Digest, sources.snapshot.digest)
    folder = field_set.address.spec_path
    executable = {
        entry.path[len(folder) + 1 :] if folder else entry.path: entry.is_executable
        for entry in entries
        if isinstance(entry, FileEntry)
    }
    files = {}
    for path, source in (field_set.files.value or {}).items():
        if source not in executable:
            raise InvalidFieldException(
                f"{field_set.address}: `files` takes {path} from '{source}', which `sources` does "
                f"not match. Add it to `sources`."
            )
        files[path] = (f"{folder}/{source}" if folder else source, executable[source])
    spec: dict[str, object] = {
        "files": files,
        "symlinks": dict(field_set.symlinks.value or {}),
        "directories": _directories(field_set),
    }
    spec_digest = await Get(
        Digest, CreateDigest([FileContent(_SPEC, json.dumps(spec, sort_keys=True).encode())])
    )
    root = await Get(Digest, AddPrefix(sources.snapshot.digest, _ROOT))
    return await Get(
        BuiltLayer,
        LayerProcess(
            field_set=field_set,
            module="oci.sandbox.files_layer",
            args=(_SPEC, _ROOT),
            input_digest=await Get(Digest, MergeDigests([spec_digest, root])),
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LayerFieldSet, FilesLayerFieldSet)]
