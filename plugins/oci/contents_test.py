from __future__ import annotations

from oci.contents import layer_contents
from oci.explain.samples import sample_layer
from oci.format.mtree import PathInfo
from oci.format.packages import Package

DESCRIPTOR = sample_layer("layers/app").descriptor
FILE = PathInfo("lib/six.py", "file", 0o644, 0, 0, 1, 700, "ab" * 32, package="pypi/six")


def test_sizes_of_a_package_s_files_add_up() -> None:
    six = Package("pkg:pypi/six@1.16", "six.whl", "cd" * 32)
    paths = {"lib/six.py": FILE, "lib/six.pyc": FILE}
    found = layer_contents(DESCRIPTOR, [six], paths).packages["pypi/six"]
    assert (found.name, found.version, found.size, found.files) == ("six", "1.16", 1400, 2)


def test_a_package_that_another_one_carries_too_does_not_hide_the_installed_one() -> None:
    installed = Package("pkg:pypi/six@1.16", "six.whl", "cd" * 32)
    carried = Package("pkg:pypi/six@1.10", "pip.whl", "ef" * 32, inside="pypi/pip")
    found = layer_contents(DESCRIPTOR, [carried, installed], {"lib/six.py": FILE}).packages
    assert {key: (each.version, each.size) for key, each in found.items()} == {
        "pypi/six": ("1.16", 700),
        "pypi/pip/pypi/six": ("1.10", 0),
    }
