"""How long a deployment takes to recover from a death."""

from __future__ import annotations

import statistics
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from tests.high_availability.deployment import Death
from tests.high_availability.work import Execution


class Recovery(NamedTuple):
    """What followed one death."""

    signal: str
    names: Sequence[str]

    interrupted: List[float]
    """Seconds until the work of each interrupted task began again."""

    pause: Optional[float]
    """Seconds until any task began; None where none did."""


def recoveries(deaths: Sequence[Death], runs: Mapping[str, Sequence[Execution]]) -> List[Recovery]:
    """What followed each death, as the records of the tasks tell."""
    interrupted: Dict[int, List[float]] = {}
    for ordered in runs.values():
        for one, other in zip(ordered, ordered[1:]):
            cause = _cause(one, other.start, deaths)
            if cause is not None:
                interrupted.setdefault(cause, []).append(other.start - deaths[cause].moment)
    starts = sorted(one.start for ordered in runs.values() for one in ordered)
    return [
        Recovery(
            death.signal,
            death.names,
            [round(seconds, 1) for seconds in sorted(interrupted.get(place, []))],
            next((round(each - death.moment, 1) for each in starts if each > death.moment), None),
        )
        for place, death in enumerate(deaths)
    ]


def summary(found: Sequence[Recovery]) -> Dict[str, object]:
    """What is worth comparing between two runs."""
    again = [seconds for each in found for seconds in each.interrupted]
    pauses = [each.pause for each in found if each.pause is not None]
    return {
        "interrupted": len(again),
        "interrupted_median_seconds": round(statistics.median(again), 1) if again else None,
        "interrupted_most_seconds": max(again, default=None),
        "pause_median_seconds": round(statistics.median(pauses), 1) if pauses else None,
        "pause_most_seconds": max(pauses, default=None),
        "deaths": [each._asdict() for each in found],
    }


def _cause(one: Execution, again: float, deaths: Sequence[Death]) -> Optional[int]:
    """Which death made a task's work begin again: its component's, else that of a service."""
    between = [place for place, death in enumerate(deaths) if one.start < death.moment < again]
    own = [place for place in between if one.component in deaths[place].names]
    if own and one.end is None:
        return own[0]
    services = [place for place in between if {"postgres", "redis"} & set(deaths[place].names)]
    return services[-1] if services else None
