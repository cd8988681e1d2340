"""Keeps the constraints of the image away from what pip only builds with.

Loaded by `astronomer_pip_builds.pth` in each Python that a running pip has started. The pip of 2022
reads pip.conf again in the process that fills the environment of an isolated build, and for
`setup_requires` setuptools runs a `pip wheel` of its own. Neither changes what is installed.
"""

import os
import sys

_arguments = sys.argv[1:]
_command = next((each for each in _arguments if not each.startswith("-")), "")

# Without `--prefix` a build would install into the image, where the constraints hold.
if _command == "wheel" or (_command == "install" and "--prefix" in _arguments):
    os.environ.setdefault("PIP_CONSTRAINT", os.devnull)
