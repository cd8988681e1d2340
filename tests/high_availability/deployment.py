"""A deployment as an orchestrator runs it: two schedulers, workers, a triggerer, each replaceable.

All containers share the network of one that does nothing, so that any other may die.
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import DAGS, environment
from tests.stack.postgres import PASSWORD

URL = f"postgresql://postgres:{PASSWORD}@127.0.0.1:5432/airflow"
RECORDS = "/records"

# All containers share one name of a host, by which Airflow would take each for any other.
_HOST_NAME = """
import os


def name():
    return os.environ["COMPONENT"]
"""

_START_SECONDS = 120
_MIGRATION_SECONDS = 300

# What a container gets to end by itself before it is killed: Kubernetes' default is 30.
_GRACE_SECONDS = 20

# What an orchestrator sends in place of SIGTERM, where an image says so: to Postgres, SIGTERM means
# to wait until every client has gone. Source: "Shutting Down the Server" in its documentation.
_STOP_SIGNALS = {"postgres": "SIGINT"}

# On a busy machine; probes have less.
_HEALTH_SECONDS = 30

COMPONENTS: Dict[str, Sequence[str]] = {
    "scheduler-1": ["airflow", "scheduler"],
    "scheduler-2": ["airflow", "scheduler"],
    "worker-1": ["airflow", "celery", "worker", "--celery-hostname", "worker-1"],
    "worker-2": ["airflow", "celery", "worker", "--celery-hostname", "worker-2"],
    "worker-long": [
        *["airflow", "celery", "worker", "--celery-hostname", "worker-long", "--queues", "long"]
    ],
    "triggerer": ["airflow", "triggerer"],
}

# As if the image had no layer of ours; what goes around the entrypoint is not helped by it.
STOCK: Dict[str, str] = {
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": (
        "airflow.config_templates.default_celery.DEFAULT_CELERY_CONFIG"
    ),
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "300",
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "300",
}


class Death(NamedTuple):
    """Components that were ended at once."""

    signal: str
    """`SIGKILL`, or `SIGTERM` for what an orchestrator sends to let them end by themselves."""

    names: Sequence[str]

    moment: float
    """Seconds since 1970, when the signal was sent."""


class Deployment:
    """Its containers by name: those of Airflow, `postgres` and `redis`."""

    def __init__(
        self,
        engine: Engine,
        images: Mapping[str, str],
        dag: str,
        settings: Mapping[str, str],
        stock: bool = False,
        components: Mapping[str, Sequence[str]] = COMPONENTS,
        limits: Mapping[str, Mapping[str, Any]] = {},
    ) -> None:
        """Start everything.

        Args:
            engine: Where.
            images: Names of the images `airflow`, `postgres` and `redis`.
            dag: Source of the one DAG.
            settings: Variables of Airflow's containers, on top of what a deployment needs.
            stock: Whether Airflow runs with its own defaults, and around our entrypoint.
            components: Commands by the name of their container.
            limits: Further options of some of these containers, by name.
        """
        self._engine = engine
        self._entrypoint: Dict[str, Any] = {"entrypoint": ["tini", "--"]} if stock else {}
        self._images = images
        self.containers: Dict[str, Container] = {}
        self._pause = engine.start(images["postgres"], ["infinity"], entrypoint=["sleep"])
        self._start_postgres()
        # As docs/deploy has it: what a dead one held is lost.
        self.containers["redis"] = self._start("redis", ["--save", ""])
        wait_for("Redis", self._redis_serves, _START_SECONDS)
        self._settings = {
            **environment(URL),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:6379/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{URL}",
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "60",
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "dags.host.name",
            **(STOCK if stock else {}),
            **settings,
        }
        self._volumes = {
            engine.volume(images["airflow"], DAGS, {"work.py": dag, "host.py": _HOST_NAME}): DAGS,
            engine.volume(images["airflow"], "/usr/local/airflow/include", {"empty": ""}): RECORDS,
        }
        self._airflow("init", ["airflow", "db", "init"]).wait(_MIGRATION_SECONDS).checked()
        self._components = list(components)
        for name, argv in components.items():
            self.containers[name] = self._airflow(
                name,
                argv,
                # What ends by itself, for want of a database for example, is started again.
                restart_policy={"Name": "always"},
                # `ill` asks; probes of six components would take a fifth of a small machine.
                healthcheck={"test": ["NONE"]},
                **self._entrypoint,
                **limits.get(name, {}),
            )

    def query(self, sql: str) -> str:
        """Rows of the metadata database, a line each, columns joined by `|`; empty while down."""
        argv = ["psql", "--host=127.0.0.1", "--username=postgres", "--dbname=airflow"]
        return (
            self.containers["postgres"]
            .exec(
                [*argv, "--no-align", "--tuples-only", f"--command={sql}"],
                environment={"PGPASSWORD": PASSWORD},
            )
            .stdout.strip()
        )

    def replace(self, signal: str, *names: str) -> Death:
        """End containers by a signal, all at once, and start them again.

        The engine starts what ended by itself, but not what it was told to end.
        """
        death = Death(signal, names, time.time())
        for name in names:
            polite = _STOP_SIGNALS.get(name, signal)
            self.containers[name].kill(polite if signal == "SIGTERM" else signal)
        deadline = time.monotonic() + _GRACE_SECONDS
        for name in names:
            container = self.containers[name]
            while container.running and time.monotonic() < deadline:
                time.sleep(0.25)
            container.kill("SIGKILL")
            container.restart()
        return death

    def records(self) -> List[str]:
        """Lines that tasks wrote: `START` or `END`, task id, component, process id and time."""
        finished = self.containers[self._components[-1]].exec(["cat", f"{RECORDS}/runs"])
        return finished.stdout.splitlines()

    def ill(self) -> List[str]:
        """What `astronomer-runtime health` says of the components that are not healthy."""
        argv = ["astronomer-runtime", "health", f"--timeout={_HEALTH_SECONDS}"]
        found = {name: self.containers[name].exec(argv) for name in self._components}
        return [f"{name}: {each.output}" for name, each in found.items() if each.exit_code != 0]

    def logs(self) -> str:
        """The end of every container's log."""
        return "\n".join(
            f"== {name}\n{container.logs()[-3000:]}" for name, container in self.containers.items()
        )

    def close(self) -> None:
        """Remove everything."""
        for container in [*self.containers.values(), self._pause]:
            container.remove()

    def _airflow(self, name: str, argv: Sequence[str], **options: Any) -> Container:
        own = {
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(8793 + len(self.containers)),
            "COMPONENT": name,
        }
        return self._start(
            "airflow",
            argv,
            environment={**self._settings, **own},
            volumes={
                volume: {"bind": path, "mode": "rw"} for volume, path in self._volumes.items()
            },
            **options,
        )

    def _start(self, image: str, argv: Sequence[str] = (), **options: Any) -> Container:
        return self._engine.start(self._images[image], argv, network=self._pause.network, **options)

    def _start_postgres(self) -> None:
        password = {"POSTGRES_PASSWORD": PASSWORD}
        self.containers["postgres"] = self._start("postgres", environment=password)
        wait_for("Postgres", self._postgres_serves, _START_SECONDS)
        create = ["createdb", "--host=127.0.0.1", "--username=postgres", "airflow"]
        self.containers["postgres"].exec(create, environment={"PGPASSWORD": PASSWORD}).checked()

    def _postgres_serves(self) -> bool:
        ready = self.containers["postgres"].exec(["pg_isready", "--host=127.0.0.1", "--quiet"])
        return ready.exit_code == 0

    def _redis_serves(self) -> bool:
        return self.containers["redis"].exec(["redis-cli", "ping"]).stdout == "PONG\n"
