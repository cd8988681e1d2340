"""Where `setup.py install` puts files: below /usr/local, as Debian's own `distutils` does.

`distutils` of setuptools 60 and later imports it, and otherwise takes Python's prefix, /usr. Debian
12 has such a module; Debian 11 has none. Source: `distutils/__init__.py`, and
`distutils.command.install` for the name of the variable.
"""

import sys
import sysconfig

# A virtual environment has its own prefix.
if sys.prefix == sys.base_prefix:
    sysconfig._prefix_addition = "/local"  # type: ignore[attr-defined]
