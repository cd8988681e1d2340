"""Finds where a layer's files go, and the Python that compiles them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oci.layer import LayerFieldSet
from oci.toolchain import Interpreter
from wheels.target_types import (
    WheelOmitField,
    WheelPrefixField,
    WheelPythonField,
    WheelSitePackagesField,
)


@dataclass(frozen=True)
class PythonLayerFieldSet(LayerFieldSet):
    """A layer of Python modules."""

    omit: WheelOmitField
    site_packages: WheelSitePackagesField
    prefix: WheelPrefixField
    python: WheelPythonField

    def python_path(self, version: str) -> str:
        """Of the interpreter in the image.

        Args:
            version: Of the image's Python: `3.9`.
        """
        return self.python.value or f"/usr/bin/python{version}"

    def install_spec(self, interpreter: Interpreter) -> dict[str, Any]:
        """What `wheels.sandbox.install_wheels` needs to know of the image.

        Args:
            interpreter: The image's Python, as a tree that runs on the build host.
        """
        version = interpreter.version
        prefix = self.prefix.value or "/usr/local"
        default = f"/usr/local/lib/python{version}/dist-packages"
        return {
            # Of `wheels.sandbox.places.Places`.
            "places": {
                "site_packages": self.site_packages.value or default,
                "scripts": f"{prefix}/bin",
                "data": prefix,
                "headers": f"{prefix}/include/python{version}",
                "shebang": self.python_path(version),
            },
            "interpreter": interpreter.spec(),
            "omit": self.omit.value or (),
        }
