"""What a check found."""

from __future__ import annotations

from typing import NamedTuple


class Health(NamedTuple):
    """The state of one component."""

    component: str

    healthy: bool
    """Whether it does its work."""

    reason: str
    """One sentence."""

    outside: bool = False
    """Whether the cause is another service, or that this one was told to end: a restart of this one
    would not help."""

    def passes(self, live: bool) -> bool:
        """Whether a probe passes: one for liveness does not punish for what others did."""
        return self.healthy or (live and self.outside)
