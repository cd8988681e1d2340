"""Builds `project_layer` targets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable

from oci.format.platform import Platform
from oci.layer import BuiltLayer, LayerFieldSet, LayerProcess
from oci.toolchain import Interpreter, InterpreterRequest
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests, RemovePrefix
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from wheels.target_types import ProjectSourcesField, PythonVersionField
from wheels.util_rules.fetch import TOOLS_MOUNT, ToolWheels, ToolWheelsRequest
from wheels.util_rules.places import PythonLayerFieldSet

_SPEC = "spec.json"
_PROJECT = "project"


@dataclass(frozen=True)
class ProjectLayerFieldSet(PythonLayerFieldSet):
    required_fields = (ProjectSourcesField,)

    sources: ProjectSourcesField
    python_version: PythonVersionField


@rule(desc="Build a layer of a project", level=LogLevel.DEBUG)
async def build_project_layer(field_set: ProjectLayerFieldSet) -> BuiltLayer:
    version, origin = field_set.python_version.value or "", str(field_set.address)
    sources, interpreter, tools = await MultiGet(
        Get(SourceFiles, SourceFilesRequest([field_set.sources])),
        Get(Interpreter, InterpreterRequest(version, origin)),
        Get(ToolWheels, ToolWheelsRequest(("flit-core", "installer"))),
    )
    project = await Get(Digest, RemovePrefix(sources.snapshot.digest, field_set.address.spec_path))
    spec: dict[str, Any] = {**field_set.install_spec(interpreter), "files": {}, "locked": {}}
    digests = await MultiGet(
        Get(Digest, CreateDigest([FileContent(_SPEC, json.dumps(spec, sort_keys=True).encode())])),
        Get(Digest, AddPrefix(project, _PROJECT)),
    )
    return await Get(
        BuiltLayer,
        LayerProcess(
            field_set=field_set,
            module="wheels.sandbox.install_wheels",
            args=(f"--spec={_SPEC}", f"--project={_PROJECT}"),
            input_digest=await Get(Digest, MergeDigests(digests)),
            immutable_input_digests=FrozenDict(
                {TOOLS_MOUNT: tools.digest, **interpreter.immutable_input_digests}
            ),
            path_entries=tools.path_entries,
            platform=Platform(python=interpreter.version),
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(LayerFieldSet, ProjectLayerFieldSet)]
