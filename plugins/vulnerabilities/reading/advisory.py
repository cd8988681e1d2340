"""What an advisory says of one package, whoever wrote it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Dict, Optional, Tuple


class Severity(Enum):
    """How bad a vulnerability is, from the least to the worst."""

    UNIMPORTANT = "unimportant"
    """Debian: no issue in practice."""

    UNKNOWN = "unknown"
    """Nobody has said it yet."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Span:
    """Versions that follow each other and are affected."""

    introduced: str
    """The first of them; empty for all from the beginning."""

    fixed: str = ""
    """The first after them that is not affected; empty where there is none."""

    last_affected: str = ""
    """The last of them, where nobody says which version is fixed."""


@dataclass(frozen=True)
class Advisory:
    """One vulnerability of one package."""

    id: str
    """Of the database: `PYSEC-2023-192`, `CVE-2023-0286`."""

    aliases: Tuple[str, ...]
    """What other databases call it."""

    package: str
    """A distribution by its canonical name, or a source package of Debian."""

    suite: str
    """Codename of the Debian release that it speaks of; empty for Python."""

    severity: Severity

    summary: str
    """One line."""

    spans: Tuple[Span, ...]

    versions: Tuple[str, ...] = ()
    """Versions that are affected besides."""

    undetermined: bool = False
    """Whether nobody knows yet if the package is affected at all."""

    note: str = ""
    """Why there is no fix, as Debian's security team says it."""

    def to_json(self) -> Dict[str, Any]:
        return {**asdict(self), "severity": self.severity.value}

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> Advisory:
        """Read what `to_json` wrote."""
        plain = {
            "aliases": tuple(data["aliases"]),
            "severity": Severity(data["severity"]),
            "spans": tuple(Span(**span) for span in data["spans"]),
            "versions": tuple(data["versions"]),
        }
        return cls(**{**data, **plain})


def one_line(text: Optional[str]) -> str:
    """The beginning of a text, without line breaks and what a terminal would obey."""
    words = " ".join((text or "").split())
    printable = "".join(char for char in words if char.isprintable())
    return printable if len(printable) <= 160 else f"{printable[:159]}…"
