"""Amounts of CPU, memory and slots, as people write them.

Source: Kubernetes' documentation, "Resource units in Kubernetes": `500m` of a CPU, `1Gi` of memory.
Suffixes of memory with a B (`1024MB`, `1GiB`) mean the same as without.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_SLOTS = 64
"""Slots of one task."""

_MOST_CORES = 4096
_LEAST_MEMORY = 1024**2
_MOST_MEMORY = 1024**5

_UNITS = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "ki": 1024,
    "mi": 1024**2,
    "gi": 1024**3,
    "ti": 1024**4,
}


class InvalidQuantity(ValueError):
    """An amount that cannot be; the text says what it is and what it should be."""


def cpu_millis(value: Any) -> int:
    """Thousandths of a core.

    Args:
        value: Cores as a number or as text: `1.5`, `"1.5"`, `"500m"`; 0 for none.

    Raises:
        InvalidQuantity: It is none of these, or above 4096 cores.
    """
    wanted = f'cores from 0 to {_MOST_CORES}, as in "1.5" or "500m"'
    text = _text(value)
    is_millis = text.endswith("m")
    number = _number(text[:-1] if is_millis else text, value, "cpu", wanted)
    millis = number if is_millis else number * 1000
    if not 0 <= millis <= _MOST_CORES * 1000 or (number and millis < 1):
        raise InvalidQuantity(f"`cpu` is {value!r}; set it to {wanted}")
    return int(millis)


def memory_bytes(value: Any) -> int:
    """Bytes of memory.

    Args:
        value: Bytes as a number, or text with a unit: `"1024MB"`, `"1Gi"`; 0 for none.

    Raises:
        InvalidQuantity: It is none of these, below one MiB or above one PiB.
    """
    wanted = 'an amount from 1Mi to 1024Ti with its unit, as in "1024MB" or "1Gi"'
    text = _text(value)
    found = re.fullmatch(r"([0-9.eE+-]*[0-9.])\s*([A-Za-z]*)", text)
    unit = found[2].lower() if found else "?"
    factor = _UNITS.get(unit[:-1] if unit.endswith("b") else unit)
    # Kubernetes has thousandths of a byte, where people mean megabytes.
    if found is None or factor is None or found[2] == "m":
        raise InvalidQuantity(f"`memory` is {value!r}; set it to {wanted}")
    result = _number(found[1], value, "memory", wanted) * factor
    if result and not _LEAST_MEMORY <= result <= _MOST_MEMORY:
        raise InvalidQuantity(f"`memory` is {value!r}; set it to {wanted}")
    return int(result)


def slots(value: Any, most: int = MOST_SLOTS) -> int:
    """Slots, a whole number from 1.

    Raises:
        InvalidQuantity: It is none, or above `most`.
    """
    wanted = f"a whole number from 1 to {most}"
    number = _number(_text(value), value, "slots", wanted)
    if number != int(number) or not 1 <= number <= most:
        raise InvalidQuantity(f"`slots` is {value!r}; set it to {wanted}")
    return int(number)


def shown_memory(amount: int) -> str:
    """Bytes for people: `1536 MiB`."""
    return f"{amount / 1024**2:.0f} MiB"


def shown_cpu(millis: int) -> str:
    """Thousandths of a core for people: `1.5 CPUs`."""
    return f"{millis / 1000:g} CPU{'' if millis == 1000 else 's'}"


def _text(value: Any) -> str:
    # A bool is an int to Python, and no amount to anybody.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    return str(value).strip()


def _number(text: str, value: Any, name: str, wanted: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidQuantity(f"`{name}` is {value!r}; set it to {wanted}")
    return number
