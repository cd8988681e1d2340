"""Projects whose distributions are sources alone: what installs them has to build them."""

from __future__ import annotations

from typing import Dict, Sequence

Project = Dict[str, str]
"""Content by path."""

# Reads what it needs from its own pyproject.toml, and says which versions it was built with.
_BACKEND = """
import importlib.metadata
import os
import zipfile

NAME, REQUIRED = {name!r}, {required!r}


def _build(folder, modules):
    info = f"{{NAME}}-1.0.dist-info"
    files = {{
        **modules,
        f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: 1.0\\n",
        f"{{info}}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{{info}}/entry_points.txt": f"[console_scripts]\\n{{NAME}} = {{NAME}}:main\\n",
    }}
    record = "".join(f"{{path}},,\\n" for path in [*files, f"{{info}}/RECORD"])
    file = f"{{NAME}}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for path, text in {{**files, f"{{info}}/RECORD": record}}.items():
            wheel.writestr(path, text)
    return file


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open(f"{{NAME}}.py") as stream:
        module = stream.read()
    built_with = {{each: importlib.metadata.version(each) for each in REQUIRED}}
    return _build(folder, {{f"{{NAME}}.py": module + f"BUILT_WITH = {{built_with}}\\n"}})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {{f"{{NAME}}.pth": os.getcwd() + "\\n"}})
"""

_SETUP = """
from setuptools import setup

setup(
    name={name!r},
    version="1.0",
    py_modules=[{name!r}],
    entry_points={{"console_scripts": ["{name} = {name}:main"]}},
    data_files=[("share/{name}", ["data.txt"])],
    setup_requires={setup_requires!r},
)
"""


def _module(name: str) -> str:
    return f"def main():\n    print('I am {name}')\n\n\n"


def legacy_project(name: str, setup_requires: Sequence[str] = ()) -> Project:
    """A project with a `setup.py` and no more, as most of 2022 and before.

    Args:
        name: Of the distribution, its module and its script.
        setup_requires: What setuptools fetches before it builds.
    """
    return {
        f"{name}.py": _module(name),
        "setup.py": _SETUP.format(name=name, setup_requires=list(setup_requires)),
        "data.txt": "data\n",
    }


def own_backend_project(name: str, requires: Sequence[str] = ()) -> Project:
    """A project that brings what builds it, so that no index needs setuptools.

    Args:
        name: Of the distribution, its module and its script.
        requires: Requirements of the build. `BUILT_WITH` in the module says which versions it had.
    """
    required = [requirement.rstrip("0123456789.=<>") for requirement in requires]
    return {
        f"{name}.py": _module(name),
        "backend.py": _BACKEND.format(name=name, required=required),
        "pyproject.toml": (
            f'[build-system]\nrequires = {list(requires)}\nbuild-backend = "backend"\n'
            'backend-path = ["."]\n'
        ),
    }
