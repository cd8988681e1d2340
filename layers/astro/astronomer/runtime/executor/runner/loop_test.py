from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from astronomer.runtime.executor.allocator import Allocator
from astronomer.runtime.executor.conftest import airflow_environment
from astronomer.runtime.executor.connection import Database
from astronomer.runtime.executor.packing import Strategy
from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.testing.allocations import queue_task
from astronomer.runtime.testing.postgres import PostgresServer
from astronomer.runtime.testing.proxy import Proxy


class Runners:
    """Runners as processes, and a scheduler's allocator that makes a pass when it is told to."""

    def __init__(self, folder: Path, database: Database, name: str, server: PostgresServer) -> None:
        self._folder = folder
        self._database = database
        self._name = name
        self._server = server
        self.processes: Dict[str, "subprocess.Popen[bytes]"] = {}

    def start(
        self,
        name: str = "one",
        lease: float = 60,
        drain: float = 60,
        wait: bool = True,
        url: str = "",
    ) -> "subprocess.Popen[bytes]":
        """Start one; the next of the same name replaces it in `processes`."""
        environ = airflow_environment(url or self._database.url, self._folder)
        with (self._folder / f"{name}.out").open("ab") as out:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "astronomer.runtime.testing.runner"),
                    *(name, str(lease), str(drain)),
                ],
                env=environ,
                cwd=self._folder,
                stdout=out,
                stderr=out,
                preexec_fn=end_with_parent,
            )
        self.processes[name] = process
        if wait:
            self.wait(lambda: "takes tasks of default" in self.output(name))
        return process

    def output(self, name: str = "one") -> str:
        """What it has written."""
        return (self._folder / f"{name}.out").read_text()

    def log(self, task_id: str) -> str:
        """The log of a task's first try."""
        found = [log for log in self._folder.glob("logs/**/*1.log") if task_id in str(log)]
        return "".join(log.read_text() for log in found)

    def lines(self, name: str = "one") -> List[Dict[str, Any]]:
        """Its lines about tasks."""
        return [json.loads(line) for line in self.output(name).splitlines() if line[:1] == "{"]

    def sql(self, statement: str, *values: Any) -> Any:
        """Run a statement, by a connection of its own."""
        return self._server.execute(statement, self._name, *values)

    def allocate(self) -> int:
        """Have an allocator make one pass."""
        with self._database.connected() as connection:
            return Allocator(connection, Strategy.EVEN_SPREAD).pass_once()

    def queue(self, script: str, task_id: str = "work", allocate: bool = True) -> int:
        """Have a shell script run; it finds the folder `$0`."""
        command = ("sh", "-c", script, str(self._folder))
        number = queue_task(self.sql, task_id, command)
        if allocate:
            assert self.allocate() == 1
        return number

    def state(self, number: int) -> str:
        """The state of an allocation."""
        found = self.sql("SELECT state FROM astronomer_allocation WHERE id=%s", number)
        return str(found[0][0])

    def has(self, name: str) -> bool:
        """Whether a task has made this file in the folder."""
        return (self._folder / name).exists()

    def wait(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Return when the condition is true; fail with what was written otherwise."""
        deadline = time.monotonic() + seconds
        while not condition():
            outputs = "\n".join(map(self.output, self.processes))
            assert time.monotonic() < deadline, outputs
            time.sleep(0.05)

    def end(self) -> None:
        """Kill what still runs."""
        for each in self.processes.values():
            each.send_signal(signal.SIGCONT)
            each.kill()
            each.wait()


@pytest.fixture
def runners(deployment: Database, postgres: PostgresServer, tmp_path: Path) -> Iterator[Runners]:
    made = Runners(tmp_path, deployment, deployment.url.rpartition("/")[2], postgres)
    yield made
    made.end()


def row(runners: Runners, number: int, *columns: str) -> Any:
    names = ", ".join(columns)
    return runners.sql(f"SELECT {names} FROM astronomer_allocation WHERE id=%s", number)[0]


def runner_state(runners: Runners, name: str = "one") -> str:
    found = runners.sql(
        "SELECT state FROM astronomer_runner WHERE name=%s ORDER BY id DESC LIMIT 1", name
    )
    return str(found[0][0])


def test_a_task_runs_as_soon_as_it_is_assigned_and_its_end_is_noted(runners: Runners) -> None:
    runners.start()
    number = runners.queue("exit 0")
    runners.wait(lambda: runners.state(number) == "completed")
    assert row(runners, number, "succeeded", "exit_code", "reason") == (True, 0, "")
    assert runners.sql("SELECT count(*) FROM astronomer_task_peak") == [(1,)]
    (line,) = runners.lines()
    assert (line["task_id"], line["runner"], line["exit_code"]) == ("work", "one", 0)
    assert (line["slots"], line["reason"]) == (1, "")


def test_a_task_that_fails_is_failed_and_airflow_finds_its_job_dead(runners: Runners) -> None:
    runners.start()
    number = runners.queue("while [ ! -e $0/go ]; do sleep 0.1; done; exit 3")
    runners.wait(lambda: runners.state(number) == "running")
    runners.sql("INSERT INTO job (id, job_type, state) VALUES (7, 'LocalTaskJob', 'running')")
    runners.sql("UPDATE task_instance SET state='running', try_number=1, job_id=7")
    (runners._folder / "go").touch()
    runners.wait(lambda: runners.state(number) == "completed")
    assert row(runners, number, "succeeded", "exit_code") == (False, 3)
    assert runners.sql("SELECT state FROM job") == [("failed",)]


def test_sigterm_gives_back_what_has_not_begun_and_lets_the_rest_end(runners: Runners) -> None:
    process = runners.start()
    running = runners.queue("touch $0/begun; while [ ! -e $0/go ]; do sleep 0.1; done", "running")
    runners.wait(lambda: runners.has("begun"))
    # Assigned while the runner cannot take it.
    process.send_signal(signal.SIGSTOP)
    waiting = runners.queue("touch $0/never", "waiting")
    process.send_signal(signal.SIGTERM)
    runners.sql("UPDATE astronomer_runner SET state='draining'")
    process.send_signal(signal.SIGCONT)
    runners.wait(lambda: runner_state(runners) == "draining")
    runners.allocate()
    assert runners.state(waiting) == "unassigned"
    assert process.poll() is None
    (runners._folder / "go").touch()
    assert process.wait(60) == 0
    assert row(runners, running, "succeeded") == (True,)
    assert runner_state(runners) == "ended"
    assert not runners.has("never")


def test_what_runs_beyond_the_bound_of_draining_is_stopped_and_said_so(runners: Runners) -> None:
    process = runners.start(drain=0.5)
    number = runners.queue("touch $0/begun; sleep 600")
    runners.wait(lambda: runners.has("begun"))
    process.terminate()
    assert process.wait(60) == 0
    reason = "Its runner one was told to end, and gave tasks 0.5 s to end by themselves."
    assert row(runners, number, "succeeded", "reason") == (False, reason)
    assert runners.sql("SELECT extra FROM log WHERE event='task ended by runner'") == [(reason,)]
    assert runners.lines()[0]["reason"] == reason
    assert reason in runners.log("work")


def test_all_can_see_why_a_task_is_being_ended_before_it_has_ended(runners: Runners) -> None:
    process = runners.start(drain=0)
    # It has 10 s to end.
    number = runners.queue("trap '' TERM; touch $0/begun; while true; do sleep 0.1; done")
    runners.wait(lambda: runners.has("begun"))
    process.terminate()
    runners.wait(lambda: row(runners, number, "reason") != ("",))
    assert runners.state(number) == "running"
    assert len(runners.sql("SELECT 1 FROM log WHERE event='task ended by runner'")) == 1
    assert process.wait(60) == 0
    assert len(runners.sql("SELECT 1 FROM log WHERE event='task ended by runner'")) == 1
    assert runners.log("work").count("was told to end") == 1


def test_a_second_signal_ends_at_once(runners: Runners) -> None:
    process = runners.start(drain=600)
    number = runners.queue("touch $0/begun; sleep 600")
    runners.wait(lambda: runners.has("begun"))
    process.terminate()
    runners.wait(lambda: runner_state(runners) == "draining")
    process.terminate()
    assert process.wait(60) == 0
    assert row(runners, number, "succeeded") == (False,)


def test_a_second_runner_of_a_name_is_refused_in_a_sentence(runners: Runners) -> None:
    runners.start(lease=2)
    second = runners.start(lease=2, wait=False)
    assert second.wait(60) == 78
    assert "a runner named 'one' lives on host" in runners.output()
    number = runners.queue("exit 0")
    runners.wait(lambda: runners.state(number) == "completed")


def test_a_runner_that_was_killed_is_followed_by_one_of_its_name(runners: Runners) -> None:
    runners.start(lease=3).kill()
    second = runners.start(lease=3, wait=False)
    number = runners.queue("exit 0", allocate=False)

    def is_assigned() -> bool:
        runners.allocate()
        return runners.state(number) == "completed"

    runners.wait(is_assigned)
    assert second.poll() is None
    assert runners.sql("SELECT count(*) FROM astronomer_runner") == [(2,)]


def test_tasks_go_on_while_the_database_is_away_for_less_than_the_lease(
    runners: Runners, postgres: PostgresServer
) -> None:
    process = runners.start(lease=60)
    number = runners.queue("touch $0/begun; while [ ! -e $0/go ]; do sleep 0.1; done")
    runners.wait(lambda: runners.has("begun"))
    postgres.kill()
    try:
        runners.wait(lambda: "cannot use the database" in runners.output())
        (runners._folder / "go").touch()
        runners.wait(runners.lines)
    finally:
        postgres.start()
    runners.wait(lambda: runners.state(number) == "completed")
    assert row(runners, number, "succeeded") == (True,)
    assert process.poll() is None


def test_a_database_that_takes_no_writes_ends_tasks_with_the_lease(
    runners: Runners, deployment: Database, postgres: PostgresServer
) -> None:
    name = deployment.url.rpartition("/")[2]
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    runners.start(lease=3)
    number = runners.queue("touch $0/begun; sleep 600")
    runners.wait(lambda: runners.has("begun"))
    runners.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    runners.sql(cut)
    runners.wait(lambda: "ReadOnlySqlTransaction" in runners.output())
    runners.wait(runners.lines)
    assert runners.lines()[0]["reason"]
    postgres.execute(f"ALTER DATABASE {name} RESET ALL")
    runners.sql(cut)

    def is_again() -> Optional[bool]:
        runners.allocate()
        return runners.state(number) == "running"

    # Airflow had not begun it, so another life of the runner has it.
    runners.wait(is_again)


def test_a_runner_that_is_cut_off_ends_its_tasks_before_its_lease_and_comes_back(
    runners: Runners, deployment: Database, postgres: PostgresServer
) -> None:
    proxy = Proxy(postgres.port)
    url = deployment.url.replace(f":{postgres.port}/", f":{proxy.port}/")
    runners.start(lease=10, url=url)
    runners.queue("touch $0/begun; while true; do date +%s.%N > $0/new; mv $0/new $0/alive; done")
    runners.wait(lambda: runners.has("begun"))
    proxy.cut()
    try:
        runners.wait(
            lambda: runners.sql("SELECT 1 FROM astronomer_runner WHERE lease_until < now()")
        )
        (until,) = runners.sql(
            "SELECT extract(epoch FROM lease_until)::float8 FROM astronomer_runner"
        )
        assert float((runners._folder / "alive").read_text()) < until[0]
        runners.wait(runners.lines)
        assert "lease" in runners.lines()[0]["reason"]
    finally:
        proxy.mend()
    runners.wait(lambda: runners.output().count("takes tasks of default") == 2)
    runners.wait(lambda: "lease" in runners.log("work"))
    proxy.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_tasks_end_before_the_lease_of_a_runner_that_does_not_renew_it(
    runners: Runners, how: int
) -> None:
    process = runners.start(lease=4)
    script = (
        "touch $0/begun; while true; do date +%s.%N > $0/alive.new; mv $0/alive.new $0/alive; done"
    )
    number = runners.queue(script)
    runners.wait(lambda: runners.has("begun"))
    process.send_signal(how)
    runners.wait(lambda: runners.sql("SELECT 1 FROM astronomer_runner WHERE lease_until < now()"))
    (until,) = runners.sql("SELECT extract(epoch FROM lease_until)::float8 FROM astronomer_runner")
    assert float((runners._folder / "alive").read_text()) < until[0]
    process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    assert float((runners._folder / "alive").read_text()) < until[0]
    assert runners.state(number) == "running"


def test_a_runner_that_was_stopped_for_longer_than_its_lease_begins_anew(runners: Runners) -> None:
    process = runners.start(lease=2)
    runners.queue("touch $0/begun; sleep 600")
    runners.wait(lambda: runners.has("begun"))
    process.send_signal(signal.SIGSTOP)
    runners.wait(lambda: runners.sql("SELECT 1 FROM astronomer_runner WHERE lease_until < now()"))
    process.send_signal(signal.SIGCONT)
    runners.wait(lambda: runners.output().count("takes tasks of default") == 2)
    assert "it ends them and begins anew" in runners.output()
    second = runners.queue("exit 0", "second", allocate=False)

    def is_done() -> bool:
        runners.allocate()
        return runners.state(second) == "completed"

    runners.wait(is_done)
