"""Ends a goal with the message of what went wrong, in place of a traceback of Pants' engine."""

from __future__ import annotations

import functools
import logging
import re
from pathlib import Path
from typing import Any, Awaitable, Callable, TypeVar, get_type_hints

from oci.natural_order import natural_order
from pants.base.build_environment import get_buildroot
from pants.engine.goal import Goal

_G = TypeVar("_G", bound=Goal)

# How Pants says that a folder of the command line is not there.
_ABSENT = re.compile(r'Unmatched glob from [^:]+: "([^"*]+)/\*')

# What Python raises where code is wrong.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError)

logger = logging.getLogger(__name__)


def told_in_one_sentence(rule: Callable[..., Awaitable[_G]]) -> Callable[..., Awaitable[_G]]:
    """Log the message of an error that a goal's rule meets, and let the goal exit with 1.

    Stands below `@goal_rule`. Errors that only faulty code raises keep their traceback. With
    `--level=debug`, all do.
    """

    @functools.wraps(rule)
    async def reporting(*args: Any, **kwargs: Any) -> _G:
        try:
            return await rule(*args, **kwargs)
        except Exception as error:
            if isinstance(error, _FAULTS):
                raise
            logger.error(_message(error))
            logger.debug("Where it was met:", exc_info=error)
            goal: type[_G] = get_type_hints(rule)["return"]
            return goal(exit_code=1)

    return reporting


def _message(error: Exception) -> str:
    absent = _ABSENT.match(str(error))
    if absent is None:
        return str(error)
    folder = Path(absent[1])
    root = Path(get_buildroot())
    while not (root / folder.parent).is_dir():
        folder = folder.parent
    beside = sorted(
        (path.name for path in (root / folder.parent).iterdir() if (path / "BUILD").is_file()),
        key=natural_order,
    )
    text = f"There is no folder {folder}."
    return f"{text} Beside it are: {', '.join(beside)}." if beside else text
