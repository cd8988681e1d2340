"""The images among the targets of a goal."""

from __future__ import annotations

from typing import Iterable

from oci.target_types import ImageLayersField
from pants.engine.addresses import Address
from pants.engine.target import Target
from pants.util.docutil import bin_name


class NoImageError(Exception):
    """A goal about images was given none."""


def chosen_images(targets: Iterable[Target], goal: str) -> tuple[Address, ...]:
    """The addresses of images.

    Args:
        targets: Those of the command line.
        goal: Its name, for the error.

    Raises:
        NoImageError: There are none.
    """
    found = tuple(target.address for target in targets if target.has_field(ImageLayersField))
    if not found:
        raise NoImageError(
            f"No image is among the targets. Name some: `{bin_name()} {goal} versions::`."
        )
    return found
