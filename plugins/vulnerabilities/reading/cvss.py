"""How bad a CVSS vector says that a vulnerability is.

Source: Common Vulnerability Scoring System 3.1, sections 5, 7.1 and 7.4. Vectors of other versions
are left to what else an advisory says.
"""

from __future__ import annotations

import re
from typing import Dict, Optional

from vulnerabilities.reading.advisory import Severity

_VECTOR = re.compile(r"CVSS:3\.[01]/(?P<metrics>[A-Z]+:[A-Z](/[A-Z]+:[A-Z])*)")

_WEIGHTS: Dict[str, Dict[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0},
    "I": {"H": 0.56, "L": 0.22, "N": 0},
    "A": {"H": 0.56, "L": 0.22, "N": 0},
}
_PRIVILEGES = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
"""The weight of `PR` depends on the scope."""

_RATINGS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))


def _round_up(value: float) -> float:
    # In whole numbers, so that every machine comes to the same. Source: appendix A.
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def base_score(vector: str) -> Optional[float]:
    """From 0 to 10; None for what is no vector of version 3."""
    match = _VECTOR.fullmatch(vector)
    if not match:
        return None
    metrics = dict(each.split(":") for each in match["metrics"].split("/"))
    try:
        weight = {name: weights[metrics[name]] for name, weights in _WEIGHTS.items()}
        privileges = _PRIVILEGES[metrics["S"]][metrics["PR"]]
    except KeyError:
        return None
    left = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    changed = metrics["S"] == "C"
    impact = 7.52 * (left - 0.029) - 3.25 * (left - 0.02) ** 15 if changed else 6.42 * left
    if impact <= 0:
        return 0.0
    ease = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    return _round_up(min((1.08 if changed else 1.0) * (impact + ease), 10))


def rating(vector: str) -> Severity:
    """The word for a vector's score."""
    score = base_score(vector)
    if not score:
        return Severity.UNKNOWN
    return next((word for least, word in _RATINGS if score >= least), Severity.LOW)
