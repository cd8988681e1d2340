"""Finds where a layer's files go, and the Python that compiles them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from oci.layer import LayerFieldSet
from oci.toolchain import Interpreter, InterpreterRequest
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from wheels.target_types import WheelPrefixField, WheelPythonField, WheelSitePackagesField


@dataclass(frozen=True)
class ImagePythonRequest:
    """Asks for the Python of the image that a layer is for."""

    address: str
    site_packages: WheelSitePackagesField
    prefix: WheelPrefixField
    python: WheelPythonField

    version: str
    """Of that Python: `3.9`. Empty for that of `[oci].toolchain`."""

    @classmethod
    def of(cls, field_set: LayerFieldSet, version: str) -> ImagePythonRequest:
        """The request of a field set that has these fields."""
        names = ("site_packages", "prefix", "python")
        fields = {name: getattr(field_set, name) for name in names}
        return cls(address=str(field_set.address), version=version, **fields)


@dataclass(frozen=True)
class ImagePython:
    """The Python of an image, and where it looks for packages."""

    path: str
    """Of the interpreter in the image."""

    places: FrozenDict[str, str]
    """Arguments of `wheels.sandbox.places.Places`."""

    interpreter: Interpreter
    """The same Python, as a tree that runs on the build host."""

    def spec(self) -> dict[str, Any]:
        """What `wheels.sandbox.install_wheels` needs to know."""
        return {"places": dict(self.places), "interpreter": self.interpreter.spec()}


@rule
async def image_python(request: ImagePythonRequest) -> ImagePython:
    interpreter = await Get(Interpreter, InterpreterRequest(request.version, request.address))
    version = interpreter.version
    prefix = request.prefix.value or "/usr/local"
    path = request.python.value or f"/usr/bin/python{version}"
    default = f"/usr/local/lib/python{version}/dist-packages"
    return ImagePython(
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
        interpreter=interpreter,
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
