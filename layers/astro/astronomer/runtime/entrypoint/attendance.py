"""Stays beside a command that needs someone to outlast it, and otherwise gets out of its way.

A component is ended within the time that an orchestrator gives it: `docker stop` kills after ten
seconds, and Airflow waits for what may take longer, such as tasks, open connections and its own
clearing away on a busy machine. The task of a pod is followed by the end of the pod's proxy.
"""

from __future__ import annotations

import os
import signal
import time

from astronomer.runtime.entrypoint.process import IGNORED_BY_PYTHON, not_started
from astronomer.runtime.entrypoint.settings import stop_timeout
from astronomer.runtime.entrypoint.shell_script import SHELLS
from astronomer.runtime.entrypoint.task_pod import proxy_of, runs_task
from astronomer.runtime.messages import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from astronomer.runtime.entrypoint.command import Command

_BOUNDED = frozenset(
    {"api-server", "dag-processor", "scheduler", "standalone", "triggerer", "webserver"}
)
"""Components that end within the bound. A Celery worker ends when its tasks have."""

# They end at a second signal, which Airflow's scheduler would not need.
_TOLD_TWICE = ("api-server", "triggerer")

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_PASSED_ON = (
    *_STOPPING,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)
_AWAITED = {*_PASSED_ON, signal.SIGCHLD}

# From the kernel: a terminal has sent it to the command already. Source: sigaction(2).
_SI_KERNEL = 128


def attend_where_needed(
    command: Command, components: Sequence[str], environ: Mapping[str, str]
) -> int | None:
    """Run a command that needs it, and return its exit code; None for any other, not run.

    Raises StartError if refused.
    """
    if runs_task(command, environ):
        # Before the task runs, so that a wrong address is told before it, not after.
        proxy_of(environ)
        return attend(command.argv, environ)
    seconds = stop_timeout(environ)
    # A shell with a script ends at the first signal, and its container with it.
    is_shell = os.path.basename(command.argv[0]) in SHELLS
    if not components or is_shell or not seconds or not _BOUNDED.issuperset(components):
        return None
    return attend(command.argv, environ, components, seconds)


def attend(
    argv: Sequence[str],
    environ: Mapping[str, str],
    components: Sequence[str] = (),
    seconds: float = float("inf"),
) -> int:
    """Run the program as a child with the signals that come; return its exit code.

    Args:
        argv: The program and its arguments.
        environ: Its variables.
        components: What of Airflow it is.
        seconds: Bound from the first SIGINT or SIGTERM on. At half of it, its other processes are
            told to end; at the end, all are killed. A program that had to be told twice, or that
            such a signal has ended, counts as ended in order: 0.

    Raises NotFoundError or NotExecutableError.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    child = _spawn(argv, environ)
    name = " ".join(components) or argv[0]
    deadline = reminder = float("inf")
    asked = pressed = False
    while True:
        code = _exit_code(child)
        if code is not None:
            in_order = asked and (pressed or code - 128 in _STOPPING)
            return 0 if in_order and seconds < float("inf") else code
        now = time.monotonic()
        if now >= deadline:
            say(f"the {name} did not end within {seconds:g} s of being told to, and is killed.")
            # From the top, for none to start another one.
            _send(signal.SIGKILL, [child, *_descendants(child)])
            pressed, deadline, reminder = True, float("inf"), float("inf")
        elif now >= reminder:
            pressed, reminder = True, float("inf")
            _send(signal.SIGTERM, _descendants(child))
            if set(components) & set(_TOLD_TWICE):
                _send(signal.SIGINT, [child])
        came = signal.sigtimedwait(_AWAITED, min(deadline, reminder, now + 60) - now)
        if came is None or came.si_signo == signal.SIGCHLD:
            continue
        if came.si_signo in _STOPPING and not asked:
            asked = True
            deadline = time.monotonic() + seconds
            reminder = time.monotonic() + seconds / 2
        if came.si_code != _SI_KERNEL:
            _send(signal.Signals(came.si_signo), [child])


def _spawn(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    try:
        return os.posix_spawnp(
            argv[0],
            list(argv),
            dict(environ),
            setsigmask=[],
            setsigdef=[*_STOPPING, *IGNORED_BY_PYTHON],
        )
    except (OSError, ValueError) as error:
        raise not_started(argv[0], error) from None


def _exit_code(child: int) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG)
    if not pid:
        return None
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def _descendants(pid: int) -> list[int]:
    """Processes that it started, and those that these did."""
    # Only where it is needed: what it imports in turn would hold up every start.
    from astronomer.runtime.process_table import ProcessTable

    return [each.pid for each in ProcessTable.read().descendants(pid)]
