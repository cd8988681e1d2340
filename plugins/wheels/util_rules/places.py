"""Finds where a layer's files go, and the Python that compiles them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable

from oci.layer import LayerFieldSet
from oci.toolchain import LayerToolchain, Toolchain, ToolchainRequest
from oci.util_rules.layer_process import TOOLCHAIN_MOUNT
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.fs import Digest
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import (
    FieldSet,
    InferDependenciesRequest,
    InferredDependencies,
    InvalidFieldException,
)
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from wheels.target_types import (
    WheelInterpreterField,
    WheelPrefixField,
    WheelPythonField,
    WheelSitePackagesField,
)

_INTERPRETER_MOUNT = "__interpreter"


@dataclass(frozen=True)
class ImagePythonRequest:
    """Asks for the Python of the image that a layer is for."""

    address: str
    interpreter: WheelInterpreterField
    site_packages: WheelSitePackagesField
    prefix: WheelPrefixField
    python: WheelPythonField

    @classmethod
    def of(cls, field_set: LayerFieldSet) -> ImagePythonRequest:
        """The request of a field set that has these fields."""
        names = ("interpreter", "site_packages", "prefix", "python")
        fields = {name: getattr(field_set, name) for name in names}
        return cls(address=str(field_set.address), **fields)


@dataclass(frozen=True)
class ImagePython:
    """The Python of an image, and where it looks for packages."""

    version: str
    """Without the patch version: `3.9`."""

    path: str
    """Of the interpreter in the image."""

    places: FrozenDict[str, str]
    """Arguments of `wheels.sandbox.places.Places`."""

    toolchain: Toolchain
    """The same interpreter, as a tree that runs on the build host."""

    own_mount: bool
    """Whether that is another tree than the one that our own code runs in."""

    @property
    def immutable_input_digests(self) -> FrozenDict[str, Digest]:
        return FrozenDict({_INTERPRETER_MOUNT: self.toolchain.digest} if self.own_mount else {})

    def spec(self) -> dict[str, Any]:
        """What `wheels.sandbox.install_wheels` needs to know."""
        return {
            "places": dict(self.places),
            "interpreter": {
                "tree": _INTERPRETER_MOUNT if self.own_mount else TOOLCHAIN_MOUNT,
                "python": self.toolchain.python,
                "library_path": list(self.toolchain.library_path),
                "python_home": self.toolchain.python_home,
            },
        }


@rule
async def image_python(request: ImagePythonRequest, tools: LayerToolchain) -> ImagePython:
    toolchain = tools.toolchain
    spec = request.interpreter.value
    if spec:
        toolchain = await Get(
            Toolchain, ToolchainRequest(spec, f"The `interpreter` field of {request.address}")
        )
    match = re.search(r"python(3\.\d+)$", toolchain.python)
    if not match:
        raise InvalidFieldException(
            f"{request.address}: `interpreter` is '{spec or '[oci].toolchain'}', which provides "
            "no Python of a known version. Name a toolchain with a package such as "
            "`python3.9-minimal`."
        )
    version = match[1]
    prefix = request.prefix.value or "/usr/local"
    path = request.python.value or f"/usr/bin/python{version}"
    default = f"/usr/local/lib/python{version}/dist-packages"
    return ImagePython(
        version=version,
        path=path,
        places=FrozenDict(
            {
                "site_packages": request.site_packages.value or default,
                "scripts": f"{prefix}/bin",
                "data": prefix,
                "headers": f"{prefix}/include/python{version}",
                "shebang": path,
            }
        ),
        toolchain=toolchain,
        own_mount=toolchain.digest != tools.toolchain.digest,
    )


@dataclass(frozen=True)
class InterpreterUserFieldSet(FieldSet):
    """A layer of Python modules."""

    required_fields = (WheelInterpreterField,)

    interpreter: WheelInterpreterField


class InferInterpreterRequest(InferDependenciesRequest):
    infer_from = InterpreterUserFieldSet


@rule
async def infer_interpreter(request: InferInterpreterRequest) -> InferredDependencies:
    field_set = request.field_set
    specs = [field_set.interpreter.value] if field_set.interpreter.value else []
    return InferredDependencies(
        await Get(
            Addresses,
            UnparsedAddressInputs(
                specs,
                owning_address=None,
                description_of_origin=f"the `interpreter` field of {field_set.address}",
            ),
        )
    )


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(InferDependenciesRequest, InferInterpreterRequest)]
