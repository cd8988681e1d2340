"""`astronomer-runtime executor`: the Runtime executor's state, advice, and its tables."""

from __future__ import annotations

import argparse
import json
import os

from astronomer.runtime.errors import StartError
from astronomer.runtime.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    status = actions.add_parser("status", help="what waits and why, and the runners")
    status.add_argument("--json", action="store_true", help="for programs to read")
    advise = actions.add_parser("advise", help="what tasks should ask for, by what they used")
    form = advise.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs to read")
    form.add_argument("--lines", action="store_true", help="as arguments of operators, to paste")
    actions.add_parser("migrate", help="make the executor's tables, or bring them up to date")
    drop = actions.add_parser("drop", help="remove the executor's tables")
    drop.add_argument("--yes", action="store_true", help="also while runners live or tasks wait")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0 when done, 1 where it cannot be, 78 where the configuration is wrong."""
    import psycopg2
    from astronomer.runtime.executor.connection import of_environment

    try:
        with of_environment(os.environ).connected() as connection:
            return _act(arguments, connection)
    except StartError as error:
        say(str(error))
        return error.exit_code
    except psycopg2.Error as error:
        # Its text may name the user: the kind of error tells.
        say(f"the metadata database cannot be used ({type(error).__name__}).")
        return 1


def _act(arguments: argparse.Namespace, connection: object) -> int:
    from astronomer.runtime.executor import advice, status, tables

    if arguments.action == "migrate":
        tables.migrate(connection)
        return 0
    if not tables.exist(connection):
        say("the database has no tables of the Runtime executor.")
        return 0 if arguments.action == "drop" else 1
    if arguments.action == "advise":
        found_advice = advice.read(connection)
        if arguments.json:
            print(json.dumps(found_advice, indent=2))
        else:
            print((advice.as_lines if arguments.lines else advice.as_text)(found_advice))
        return 0
    found = status.read(connection)
    if arguments.action == "status":
        print(json.dumps(found, indent=2) if arguments.json else status.as_text(found))
        return 0
    alive = [runner["name"] for runner in found["runners"] if runner["is_alive"]]
    if (alive or found["waiting"]) and not arguments.yes:
        say(
            f"{len(alive)} runners live and {len(found['waiting'])} tasks wait; end them first, or"
            " give --yes to remove the tables all the same."
        )
        return 1
    tables.drop(connection)
    return 0
