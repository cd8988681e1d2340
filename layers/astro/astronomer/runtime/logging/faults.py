"""What a handler of task logs does with a record that it cannot make a line of."""

from __future__ import annotations

import logging
import sys

from astronomer.runtime.logging.standard_output import tell


class FaultTolerantHandler(logging.Handler):
    """Says what was wrong with a record, and lets the task go on."""

    _is_saying = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Print the traceback to `sys.stderr`, as Python's own handlers do.

        While a task runs that is its log, so that this handler gets the lines of the traceback.
        """
        if isinstance(sys.exc_info()[1], RecursionError):
            # A traceback may need more of the stack than there is.
            tell("a record of a task's log is left out: it takes too much recursion to print it.")
        elif not self._is_saying:
            self._is_saying = True
            try:
                super().handleError(record)
            except Exception as error:
                tell(f"a record of a task's log is left out: {type(error).__name__}.")
            finally:
                self._is_saying = False
