from __future__ import annotations

import pytest
from debian.sandbox.image_files import sources_list
from oci.sandbox.errors import SandboxError

EXAMPLE = """\
# See sources.list(5) manpage for more information
deb http://archive.test/debian bullseye main contrib non-free
deb http://elsewhere.test bullseye-security main contrib non-free
#deb-src http://archive.test/debian bullseye main contrib non-free
"""


def test_an_image_installs_from_the_suites_that_it_was_made_of() -> None:
    suites = ["bullseye", "bullseye-security", "bullseye-updates"]

    assert sources_list(EXAMPLE, "bullseye", suites) == (
        "deb http://archive.test/debian bullseye main\n"
        "deb http://archive.test/debian-security bullseye-security main\n"
        "deb http://archive.test/debian bullseye-updates main\n"
    )


def test_an_apt_of_another_release_is_refused() -> None:
    with pytest.raises(SandboxError, match="no example of a sources.list for trixie"):
        sources_list(EXAMPLE, "trixie", ["trixie"])
