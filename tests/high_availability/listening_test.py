"""A worker goes on taking tasks when a connection that it does not use is closed."""

from __future__ import annotations

from tests.engine.session import Engine
from tests.engine.waiting import wait_for

_START = 60
_TAKE = 30

_APP = """
from celery import Celery, bootsteps
from astronomer.runtime.high_availability.celery_config import CELERY_CONFIG

app = Celery("unlucky", broker="redis://127.0.0.1:6379/0")
app.conf.update({**CELERY_CONFIG, "result_backend": None})


@app.task
def touch(path):
    open(path, "w").close()


class Unlucky(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer):
        # What Python's garbage collector does at any moment with those that Celery has left.
        channel = consumer.task_consumer.channel
        channel.connection.cycle.on_poll_start()
        unused = channel.async_pool.make_connection()
        unused.connect()
        unused.disconnect()


app.steps["consumer"].add(Unlucky)
"""


def test_a_worker_listens_though_an_unused_connection_is_closed(
    engine: Engine, base_image: str, redis_image: str
) -> None:
    with engine.start(redis_image) as redis, engine.start(
        base_image,
        ["celery", "--app", "unlucky", "worker", "--concurrency", "1", "--loglevel", "INFO"],
        entrypoint=[],
        network=redis.network,
        environment={"AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:6379/0"},
        files={"/usr/local/airflow/unlucky.py": _APP},
    ) as worker:
        worker.wait_for_log("ready.", _START)
        send = "import unlucky; unlucky.touch.delay('/tmp/taken')"
        worker.exec(["python3", "-c", send]).checked()
        wait_for(
            "the task to be taken",
            lambda: worker.exec(["test", "-e", "/tmp/taken"]).exit_code == 0,
            _TAKE,
            worker.logs,
        )
