"""The pages of the UI of Airflow 2.3 and 2.2: for each its path, and a text that it shows.

They are about the DAG `sample` and its run `run`.
"""

from __future__ import annotations

from typing import Dict, Tuple
from urllib.parse import urlencode

DAG = """
from datetime import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator

with DAG("sample", start_date=datetime(2022, 7, 1), schedule_interval=None, tags=["test"]) as dag:
    extract = BashOperator(task_id="extract", bash_command="echo from {{ dag.dag_id }}")
    load = PythonOperator(task_id="load", python_callable=lambda: {"rows": 3})
    extract >> load >> TriggerDagRunOperator(task_id="tell", trigger_dag_id="report")

with DAG("report", start_date=datetime(2022, 7, 1), schedule_interval=None) as report:
    BashOperator(task_id="print", bash_command="echo done")
"""

EXECUTION_DATE = "2022-07-11T10:00:00+00:00"

PLUGIN = """
from airflow.plugins_manager import AirflowPlugin
from flask_appbuilder import BaseView, expose

class Weather(BaseView):
    default_view = "sunny"

    @expose("/sunny")
    def sunny(self):
        return self.render_template("airflow/main.html", title="Weather")

    @expose("/stormy")
    def stormy(self):
        raise RuntimeError("the sky is falling")

class WeatherPlugin(AirflowPlugin):
    name = "weather"
    appbuilder_views = [{"name": "Weather", "category": "Project", "view": Weather()}]
"""
"""A page of the project's own, and one that fails."""

Pages = Dict[str, Tuple[str, str]]


def _of_task(path: str, task: str = "load") -> str:
    query = {
        "dag_id": "sample",
        "task_id": task,
        "execution_date": EXECUTION_DATE,
        "dag_run_id": "run",
        "map_index": -1,
    }
    return f"{path}?{urlencode(query)}"


_DAG_VIEWS: Pages = {
    view: (f"/dags/sample/{view}", text)
    for view, text in {
        "calendar": "2022",
        "code": "PythonOperator",
        "details": "DAG Details",
        "duration": "Cumulative Duration",
        "gantt": "extract",
        "graph": "extract",
        "grid": "extract",
        "landing-times": "extract",
        "tries": "extract",
    }.items()
}

_LISTS: Pages = {
    f"{name}-list": (f"/{name}/list/", text)
    for name, text in {
        "actions": "can_read",
        "connection": "airflow_db",
        "dagrun": "sample",
        "job": "SchedulerJob",
        "log": "cli_task_run",
        "permissions": "can_read",
        "pool": "default_pool",
        "resources": "Task Logs",
        "roles": "Viewer",
        "slamiss": "No records found",
        "taskinstance": "extract",
        "taskreschedule": "No records found",
        "triggerview": "No records found",
        "users": "Admin",
        "variable": "greeting",
        "xcom": "return_value",
    }.items()
}

FRAMED: Pages = {
    "home": ("/home", "sample"),
    **_DAG_VIEWS,
    "dag-audit-log": ("/audit_log?dag_id=sample", "cli_task_run"),
    "dag-dependencies": ("/dag-dependencies", "report"),
    "run-details": ("/dagrun_details?dag_id=sample&run_id=run", "Queued at"),
    "task": (_of_task("/task"), "Task Instance Attributes"),
    "task-log": (_of_task("/log"), "Returned value was"),
    "task-rendered": (_of_task("/rendered-templates", "extract"), "echo from sample"),
    "task-xcom": (_of_task("/xcom"), "return_value"),
    "trigger": ("/trigger?dag_id=sample", "Configuration JSON"),
    "confirm": (_of_task("/confirm") + "&state=success&action=mark", "Wait a minute"),
    **_LISTS,
    "connection-add": ("/connection/add", "Connection Type"),
    "connection-edit": ("/connection/edit/1", "Connection Type"),
    "dagrun-edit": ("/dagrun/edit/1", "Run Id"),
    "pool-add": ("/pool/add", "Slots"),
    "pool-edit": ("/pool/edit/1", "Slots"),
    "roles-add": ("/roles/add", "Permissions"),
    "roles-edit": ("/roles/edit/1", "Permissions"),
    "roles-show": ("/roles/show/1", "can read on"),
    "users-show": ("/users/show/1", "Is Active?"),
    "users-statistics": ("/userstatschartview/chart/", "Login Count"),
    "user-profile": ("/users/userinfo/", "User Name"),
    "variable-add": ("/variable/add", "Val"),
    "variable-edit": ("/variable/edit/1", "Val"),
    "variable-show": ("/variable/show/1", "greeting"),
    "plugins": ("/plugin", "astronomer"),
    "providers": ("/provider", "apache-airflow-providers-amazon"),
    "configuration": ("/configuration", "dags_folder"),
    "plugin-of-the-project": ("/weather/sunny", "Weather"),
}
"""Pages with Airflow's frame, its menu above and its footer below."""

# No role of 2.2 may see the page of one variable.
_LATER_THAN_2_2 = {"actions-list", "dag-audit-log", "grid", "run-details", "variable-show"}

FRAMED_2_2: Pages = {
    **{name: page for name, page in FRAMED.items() if name not in _LATER_THAN_2_2},
    # The same views, with the DAG in the query.
    **{
        view: (f"/{path}?dag_id=sample", text)
        for view, path, text in [
            *((view, view.replace("-", "_"), _DAG_VIEWS[view][1]) for view in _DAG_VIEWS),
            ("details", "dag_details", "DAG Details"),
            ("tree", "tree", "extract"),
        ]
        if view not in _LATER_THAN_2_2
    },
    # Under their former names.
    "resources-list": ("/viewmenus/list/", "Task Logs"),
    "permission-pairs-list": ("/permissionviews/list/", "can_read"),
}
"""The same of Airflow 2.2, which has a tree where later ones have a grid."""

BARE: Pages = {
    "swagger": ("/api/v1/ui/", "Airflow API (Stable)"),
    "redoc": ("/redoc", "Airflow API (Stable)"),
    "not-found": ("/nothing/is/here", "Page cannot be found"),
    "error": ("/weather/stormy", "the sky is falling"),
    "not-allowed": ("/users/add", "Users are managed on the platform"),
}
"""Pages without a frame."""

OF_USERS: Pages = {
    "users-add": ("/users/add", "User Name"),
    "users-edit": ("/users/edit/1", "User Name"),
    "user-profile-edit": ("/userinfoeditview/form", "First Name"),
    "reset-my-password": ("/resetmypassword/form", "Reset Password Form"),
    "reset-password": ("/resetpassword/form?pk=1", "Reset Password Form"),
}
"""Framed pages that the platform closes, since users are its own."""
