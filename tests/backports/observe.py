"""Does what Airflow's backports are for, and prints what came of it as JSON, by their numbers.

Arguments: the numbers. Runs in a container, with a database of its own.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from importlib import import_module
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, Callable, Dict

from airflow import settings
from airflow.callbacks.callback_requests import TaskCallbackRequest
from airflow.callbacks.pipe_callback_sink import PipeCallbackSink
from airflow.dag_processing.processor import DagFileProcessor
from airflow.jobs.local_task_job import LocalTaskJob
from airflow.jobs.scheduler_job import SchedulerJob
from airflow.models import DAG, DagModel
from airflow.models.base import Base
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import SimpleTaskInstance, TaskInstance
from airflow.operators.bash import BashOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.serialization.serialized_objects import SerializedDAG
from airflow.utils.entry_points import entry_points_with_dist
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.task_group import TaskGroup

START = datetime(2022, 7, 1, tzinfo=timezone.utc)


def one_task(dag_id: str, retries: int = 0) -> DAG:
    """A DAG that is in the database, and whose one task runs since long ago."""
    dag = DAG(dag_id, start_date=START, schedule_interval=None)
    BashOperator(task_id="task", bash_command="true", retries=retries, dag=dag)
    dag.fileloc = f"/{dag_id}.py"
    with create_session() as session:
        session.add(DagModel(dag_id=dag_id, fileloc=dag.fileloc, is_active=True))
        run = dag.create_dagrun(
            run_id="run", state=DagRunState.RUNNING, execution_date=START, session=session
        )
        (instance,) = run.task_instances
        instance.refresh_from_task(dag.get_task("task"))
        instance.state = TaskInstanceState.RUNNING
        instance.start_date = START
        instance._try_number = 1
        instance.max_tries = retries
    return dag


def instance_of(dag: DAG, session: Any) -> TaskInstance:
    """The DAG's one task instance."""
    return session.query(TaskInstance).filter_by(dag_id=dag.dag_id).one()


def links_of_a_mapped_trigger() -> Any:
    """The names of the links that a mapped TriggerDagRunOperator has when it is loaded again."""
    with DAG("mapped", start_date=START) as dag:
        trigger = TriggerDagRunOperator.partial(task_id="trigger", trigger_dag_id="other")
        trigger.expand(conf=[{"x": 1}, {"x": 2}])
    loaded = SerializedDAG.from_dict(SerializedDAG.to_dict(dag))
    return sorted(loaded.get_task("trigger").extra_links)


def zombie_of_two_schedulers() -> Any:
    """How often a task is failed that died under one of two schedulers."""
    dag = one_task("zombie")
    schedulers = [SchedulerJob(), SchedulerJob()]
    with create_session() as session:
        session.add_all(schedulers)
        instance = instance_of(dag, session)
        job = LocalTaskJob(instance)
        job.latest_heartbeat = datetime.now(timezone.utc) - timedelta(hours=1)
        session.add(job)
        session.flush()
        instance.job_id = job.id
        instance.queued_by_job_id = schedulers[0].id
        session.commit()
        # As the scheduler tells the process that parses DAGs.
        received, sent = Pipe()
        for scheduler in schedulers:
            scheduler.executor.callback_sink = PipeCallbackSink(get_sink_pipe=lambda: sent)
            scheduler._find_zombies(session=session)
        requests = 0
        while received.poll():
            received.recv()
            requests += 1
        return requests


def method_of_a_cleared_task() -> Any:
    """Which method a task that failed after it was deferred starts with, once it is cleared."""
    dag = one_task("deferred")
    with create_session() as session:
        instance = instance_of(dag, session)
        instance.state = TaskInstanceState.FAILED
        instance.next_method = "execute_complete"
        instance.next_kwargs = {}
    dag.clear()
    with create_session() as session:
        return instance_of(dag, session).next_method or "execute"


def versions_of_a_package_installed_twice() -> Any:
    """The versions whose plugins are loaded, where one package is in two folders of the path."""
    for version in ("1.0", "2.0"):
        folder = Path(tempfile.mkdtemp(prefix="site-"))
        info = folder / f"demo_plugin-{version}.dist-info"
        info.mkdir()
        name = {"1.0": "demo-plugin", "2.0": "Demo_Plugin"}[version]
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text("[airflow.plugins]\ndemo = demo:Plugin\n")
        sys.path.insert(0, str(folder))
    found = entry_points_with_dist("airflow.plugins")
    return [dist.version for entry_point, dist in found if entry_point.name == "demo"]


def zombies_of_a_broken_file() -> Any:
    """The states of zombies whose file cannot be imported: of a DAG never loaded, and of one."""
    unknown, known = one_task("never_loaded"), one_task("loaded_before", retries=1)
    SerializedDagModel.write_dag(known)
    states = []
    for dag in (unknown, known):
        file = Path(tempfile.mkdtemp(), "broken.py")
        file.write_text("this is no Python, and no DAG airflow\n")
        with create_session() as session:
            request = TaskCallbackRequest(
                full_filepath=str(file),
                simple_task_instance=SimpleTaskInstance.from_ti(instance_of(dag, session)),
                msg="it is a zombie",
            )
        DagFileProcessor(dag_ids=[], log=logging.getLogger()).process_file(str(file), [request])
        with create_session() as session:
            states.append(instance_of(dag, session).state)
    return states


def states_of_a_group_in_the_grid() -> Any:
    """The states that the Grid view shows for a group of tasks, in its first run and its second."""
    # This function is in Airflow 2.3.2 and before.
    task_group_to_grid = import_module("airflow.www.views").task_group_to_grid
    with DAG("grouped", start_date=START, schedule_interval=None) as dag:
        with TaskGroup("group"):
            BashOperator(task_id="task", bash_command="true")
    with create_session() as session:
        runs = [
            dag.create_dagrun(
                run_id=state,
                state=state,
                execution_date=START + timedelta(days=day),
                session=session,
            )
            for day, state in enumerate([DagRunState.SUCCESS, DagRunState.FAILED])
        ]
        for run in runs:
            (instance,) = run.task_instances
            instance.state = run.state
        session.flush()
        (group,) = task_group_to_grid(dag.task_group, dag, runs, session)["children"]
        return [instance["state"] for instance in group["instances"]]


OBSERVATIONS: Dict[str, Callable[[], Any]] = {
    "23929": method_of_a_cleared_task,
    "24327": states_of_a_group_in_the_grid,
    "24676": links_of_a_mapped_trigger,
    "24906": zombie_of_two_schedulers,
    "25296": versions_of_a_package_installed_twice,
    "25550": zombies_of_a_broken_file,
}


def observe(number: str) -> Any:
    """What came of one, or the name of the exception that did."""
    try:
        return OBSERVATIONS[number]()
    except Exception as error:
        logging.exception("#%s", number)
        return type(error).__name__


def main() -> None:
    """Observe, in the order of the arguments."""
    Base.metadata.create_all(settings.engine)
    print(json.dumps({number: observe(number) for number in sys.argv[1:]}))


if __name__ == "__main__":
    main()
