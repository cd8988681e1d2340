"""Keeps what is installed in the image, and the constraints that hold it, away from pip's builds.

`zz_astronomer_pip_builds.pth` loads it in each Python that a running pip has started. The pip of
2022 needs it: it reads pip.conf again when it fills the environment of an isolated build, as does
the `pip wheel` that setuptools runs for `setup_requires`; and it takes the wrong folder of Debian's
Python out of the path of that build, so that it would find the image's packages first.
"""

import os
import sys

_arguments = sys.argv[1:]
_command = next((each for each in _arguments if not each.startswith("-")), "")

# Without `--prefix` a build would install into the image, where the constraints hold.
if _command == "wheel" or (_command == "install" and "--prefix" in _arguments):
    os.environ.setdefault("PIP_CONSTRAINT", os.devnull)

# The path of an isolated build is `TEMPORARY/pip-build-env-XXX/site`, and nothing else.
_environment, _name = os.path.split(os.environ.get("PYTHONPATH", ""))
if _name == "site" and os.path.basename(_environment).startswith("pip-build-env-"):
    # The files of this folder that import from it have names before `zz`.
    sys.path.remove(os.path.dirname(__file__))
