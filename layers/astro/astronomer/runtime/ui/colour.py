"""Whether text on a colour must be light."""

from __future__ import annotations

import re


def is_dark(colour: str) -> bool:
    """Whether white text can be read better than black text on a colour.

    Args:
        colour: As in CSS, `#rgb` or `#rrggbb`. Names and functions count as light.

    Source: relative luminance, WCAG 2.1; black and white contrast equally at 0.179.
    """
    digits = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour.strip())
    if not digits:
        return False
    text = digits.group(1)
    text = text if len(text) == 6 else "".join(digit * 2 for digit in text)
    red, green, blue = (_linear(int(text[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
