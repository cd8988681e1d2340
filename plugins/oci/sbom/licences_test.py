from __future__ import annotations

import pytest
from license_expression import get_spdx_licensing
from oci.sbom.licences import IDENTIFIERS, expression, names

SPDX = get_spdx_licensing()


@pytest.mark.parametrize(
    "statements, spdx",
    [
        ([], "NOASSERTION"),
        (["Expat"], "MIT"),
        (["MIT License"], "MIT"),
        (["Apache License, Version 2.0"], "Apache-2.0"),
        (["GPL-2"], "GPL-2.0-only"),
        (["GPL-2+", "LGPL-2.1+"], "GPL-2.0-or-later AND LGPL-2.1-or-later"),
        (["LGPL-3+ or GPL-2+", "Expat"], "(LGPL-3.0-or-later OR GPL-2.0-or-later) AND MIT"),
        (["MIT AND Python-2.0"], "MIT AND Python-2.0"),
        (["BSD-3-clause and GPL-2"], "BSD-3-Clause AND GPL-2.0-only"),
        (["BSD"], "LicenseRef-BSD"),
        (["common-licenses/GPL-2"], "LicenseRef-common-licenses-GPL-2"),
        (["GPL-1+ or Artistic, and Expat"], "LicenseRef-GPL-1-or-Artistic-and-Expat"),
    ],
)
def test_words_that_mean_one_licence_become_its_identifier(
    statements: list[str], spdx: str
) -> None:
    assert expression(statements) == spdx
    unknown = SPDX.unknown_license_keys(spdx) if statements else []
    assert all(name.startswith("LicenseRef-") for name in unknown)


def test_identifiers_are_those_of_spdx() -> None:
    assert IDENTIFIERS <= set(SPDX.known_symbols)
    assert not [name for name in IDENTIFIERS if SPDX.known_symbols[name].is_exception]


def test_words_that_mean_several_are_kept() -> None:
    assert names(["BSD", "MIT or Artistic"]) == ("Artistic", "BSD")
