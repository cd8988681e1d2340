"""Licences as SPDX expressions, from the words of packages' own metadata.

A word that stands for exactly one licence becomes its identifier; everything else stays what it is,
as a `LicenseRef-`. Nothing is guessed: `BSD` may be any of five, `common-licenses/GPL-2` may be
GPL-2.0-only or GPL-2.0-or-later. Source: SPDX specification 2.3, annex D; the SPDX licence list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterable

IDENTIFIERS = frozenset(
    """
0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause
BSD-3-Clause BSD-4-Clause BSL-1.0 CC0-1.0 CC-BY-3.0 CC-BY-4.0 FSFAP FSFUL FSFULLR GFDL-1.2-only
GFDL-1.2-or-later GFDL-1.3-only GFDL-1.3-or-later GPL-1.0-only GPL-1.0-or-later GPL-2.0-only
GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND ISC LGPL-2.0-only LGPL-2.0-or-later
LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MIT-CMU MPL-1.1 MPL-2.0
OpenSSL PostgreSQL PSF-2.0 Python-2.0 TCL Unlicense UPL-1.0 X11 ZPL-2.1 Zlib bzip2-1.0.6 curl
""".split()
)
"""Those that are known, of SPDX's list."""

# How Debian's copyright files and Python's metadata spell them besides.
_SPELLINGS = {
    "Apache-2.0": """
        Apache 2 | Apache 2.0 | Apache2 | Apache License 2.0 | Apache License Version 2.0
        | Apache Software License 2.0 | Apache License, Version 2.0 | Apache 2.0 License
        | Apache Software License, Version 2.0 | http://www.apache.org/licenses/LICENSE-2.0""",
    "BSD-2-Clause": "BSD 2-Clause | BSD 2-Clause License | Simplified BSD",
    "BSD-3-Clause": """
        BSD 3-Clause | BSD 3-Clause License | 3-Clause BSD | 3-Clause BSD License | New BSD
        | New BSD License | Modified BSD License | BSD 3 Clause | BSD-3""",
    "CC0-1.0": "CC0",
    "ISC": "ISC License | ISCL | ISC License (ISCL)",
    "MIT": "Expat | MIT License | The MIT License | Expat/MIT | MIT license",
    "MPL-2.0": "MPL 2.0 | Mozilla Public License 2.0 (MPL 2.0) | Mozilla Public License 2.0",
    "GPL-2.0-only": "GPL-2.0 | GPLv2",
    "GPL-2.0-or-later": """
        GPL-2.0+ | GPLv2+ | GNU General Public License v2 or later (GPLv2+)""",
    "GPL-3.0-or-later": "GPL-3.0+ | GPLv3+ | GNU General Public License v3 or later (GPLv3+)",
    "LGPL-2.0-or-later": "LGPL-2.0+ | LGPLv2+",
    "LGPL-3.0-or-later": "LGPL-3.0+ | LGPLv3+",
    "Unlicense": "The Unlicense (Unlicense)",
    "ZPL-2.1": "ZPL 2.1 | Zope Public License",
}

_GNU = re.compile(r"(?P<name>[AL]?GPL|GFDL)-(?P<version>[123](\.[0-9])?)(?P<later>\+?)")

NOASSERTION = "NOASSERTION"


def _normal(text: str) -> str:
    return " ".join(text.lower().split())


_KNOWN = {_normal(name): name for name in IDENTIFIERS}
_KNOWN.update(
    (_normal(spelling), name)
    for name, spellings in _SPELLINGS.items()
    for spelling in spellings.split("|")
)


def identifier(name: str) -> str:
    """The SPDX identifier of a licence's name; empty where the name may mean several."""
    gnu = _GNU.fullmatch(name)
    if gnu:
        version = gnu["version"] if "." in gnu["version"] else f"{gnu['version']}.0"
        candidate = f"{gnu['name']}-{version}-{'or-later' if gnu['later'] else 'only'}"
        return _KNOWN.get(_normal(candidate), "")
    return _KNOWN.get(_normal(name), "")


def reference(name: str) -> str:
    """The `LicenseRef-` of a name that is not an identifier."""
    return "LicenseRef-" + (re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-") or "unnamed")


# Many packages of all images make the same few statements.
@lru_cache(maxsize=None)
def _parts(statement: str) -> tuple[str, tuple[str, ...]]:
    """The operator of a statement, and what it joins; a statement of one name has none."""
    mixed = ", and " in statement or ", or " in statement
    choices, all_of = re.split(r" (?:or|OR) ", statement), re.split(r" (?:and|AND) ", statement)
    if identifier(statement) or mixed or (len(choices) > 1) == (len(all_of) > 1):
        return "", (statement,)
    return (" OR ", tuple(choices)) if len(choices) > 1 else (" AND ", tuple(all_of))


def names(statements: Iterable[str]) -> tuple[str, ...]:
    """The names in statements that are not identifiers, sorted."""
    found = {name for statement in statements for name in _parts(statement)[1]}
    return tuple(sorted(name for name in found if not identifier(name)))


def expression(statements: Iterable[str]) -> str:
    """One SPDX expression for all of them; `NOASSERTION` where there are none."""
    terms = set()
    for statement in statements:
        operator, parts = _parts(statement)
        joined = operator.join(identifier(part) or reference(part) for part in parts)
        terms.add(joined)
    several = len(terms) > 1
    ordered = sorted(f"({term})" if several and " " in term else term for term in terms)
    return " AND ".join(ordered) or NOASSERTION
