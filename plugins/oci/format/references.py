"""The parts of a reference to an image. Source: OCI distribution spec 1.1, "Pulling manifests"."""

from __future__ import annotations

import re

REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")

DEFAULT_TAG = "latest"


def image_name(repository: str, tag: str, target: str = "") -> str:
    """What files of an image are called.

    `team/tool`, `team/tool+1.0` or `team/tool+1.0+team.tool`: no repository and no tag has a plus,
    so that no two images have one name.

    Args:
        repository: The image's.
        tag: The image's.
        target: What tells it from images of the same repository and tag, if there are any.
    """
    if target:
        return f"{repository}+{tag}+{target}"
    return repository if tag == DEFAULT_TAG else f"{repository}+{tag}"
