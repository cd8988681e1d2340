"""How bad a CVSS vector says that a vulnerability is.

Source: Common Vulnerability Scoring System 2.0, 3.0, 3.1 and 4.0, by the library `cvss`.
"""

from __future__ import annotations

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError
from vulnerabilities.reading.advisory import Severity

_RATINGS = {
    "Low": Severity.LOW,
    "Medium": Severity.MEDIUM,
    "High": Severity.HIGH,
    "Critical": Severity.CRITICAL,
}


def rating(vector: str) -> Severity:
    """The word for a vector's base score; unknown for a score of 0 and for what is not a vector.

    Args:
        vector: As CVSS writes it. Vectors of version 2 have no prefix.
    """
    vector = vector.strip()
    kind = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:") else CVSS2
    try:
        scored = kind(vector)
    except CVSSError:
        return Severity.UNKNOWN
    word = scored.severity if kind is CVSS4 else scored.severities()[0]
    return _RATINGS.get(word, Severity.UNKNOWN)
