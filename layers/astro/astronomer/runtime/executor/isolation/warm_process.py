"""The warm parent: has loaded what tasks need, and forks an attendant for each.

It has one thread and no connection when it forks. What it is asked comes from the supervisor, which
starts another one when this one ends.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

from astronomer.runtime import kernel
from astronomer.runtime.executor.isolation.attendant import attend
from astronomer.runtime.executor.isolation.channel import Channel, Message
from astronomer.runtime.executor.isolation.project_files import ProjectFiles

MODULE = __name__


def main(arguments: Sequence[str]) -> int:
    """Serve the supervisor.

    Args:
        arguments: The descriptor of the socket to it, its pid, and the module with what is loaded
            and how a task runs: see `airflow_tasks`.
    """
    descriptor, supervisor, preload = arguments
    kernel.end_with_parent()
    if os.getppid() != int(supervisor):
        return 1
    channel = Channel(socket.socket(fileno=int(descriptor)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Of a terminal or an init, to all; it ends with the supervisor.
        signal.signal(number, signal.SIG_IGN)
    tasks = importlib.import_module(preload)
    watched = ProjectFiles(tasks.project_files())
    tasks.warm_up()
    watched.note_loaded()
    gc.collect()
    # The collector writes to what it looks at, and a page that is written to is not shared.
    gc.freeze()
    # Attendants tell the supervisor themselves how they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    forks_safely = _has_one_thread()
    channel.send({"ready": True, "forks_safely": forks_safely})
    while channel.is_open:
        select.select([channel], [channel] if channel.has_waiting else [], [])
        channel.flush()
        # One at a time: a fork would have the sockets of other tasks that have come with it.
        asked = channel.receive_one()
        if asked is None:
            continue
        if watched.have_changed():
            # The supervisor asks the next one.
            return 0
        message, task = asked
        if task is not None:
            _start(tasks, channel, task, message, forks_safely)
    return 0


def _start(
    tasks: Any, channel: Channel, task: socket.socket, message: Message, forks_safely: bool
) -> None:
    try:
        pid: Optional[int] = os.fork()
    except OSError as error:
        pid = None
        channel.send({"not_forked": message["id"], "error": error.strerror})
    if pid == 0:
        status = 1
        try:
            channel.close()
            attend(
                Channel(task),
                message["folder"],
                lambda ready: _run(tasks, message["command"], ready, forks_safely),
            )
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            # Nothing that the parent registered for its own end.
            os._exit(status)
    task.close()


def _run(tasks: Any, command: Sequence[str], ready: Callable[[], None], forks_safely: bool) -> None:
    """Become the task, and end with it."""
    code = 1
    try:
        _forget_parent()
        ready()
        if forks_safely:
            code = tasks.run(command)
        else:
            os.execv(sys.executable, [sys.executable, *tasks.arguments(command)])
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(code)


def _forget_parent() -> None:
    """Be as a process that was started anew, in what a fork takes over."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    # As Python itself begins. Source: `PyOS_InitSignals` and Python's `signal`.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # Python's own random numbers begin anew in each fork by themselves.
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()  # type: ignore[attr-defined]


def _has_one_thread() -> bool:
    """Whether a fork of this process leaves nothing behind that it needs.

    Libraries that know of forks, such as OpenBLAS, end their threads before one.
    """
    if threading.active_count() > 1:
        return False
    pid = os.fork()
    if not pid:
        os._exit(0)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass
    return len(list(Path("/proc/self/task").iterdir())) == 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
