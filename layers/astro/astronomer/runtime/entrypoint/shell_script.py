"""Which Airflow commands a shell's command line runs, as far as its text shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from astronomer.runtime.entrypoint.airflow_cli import Words, words_of

SHELLS = frozenset({"bash", "dash", "sh"})

_OPTIONS_WITH_ARGUMENT = frozenset({"--init-file", "--rcfile"})

# Not a parser of the shell's grammar: it may see a command where there is only text, and then the
# entrypoint waits for a database that is configured anyway.
_AIRFLOW = re.compile(r"""(?:^|[\s;&|(){}`"'/])airflow[ \t]+([^;&|()`\n]*)""")


def script_of(arguments: Sequence[str]) -> str | None:
    """The text that `bash ARGUMENTS` runs, or None without a `-c`.

    Source: bash(1), OPTIONS: the text is the first argument that is not an option, wherever `-c`
    stands among the options.
    """
    from_text = False
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-", "--"):
            argument = next(rest, "")
            return argument if from_text else None
        if not argument or argument[0] not in "-+":
            return argument if from_text else None
        if argument in _OPTIONS_WITH_ARGUMENT:
            next(rest, "")
        elif not argument.startswith("--"):
            from_text = from_text or (argument[0] == "-" and "c" in argument)
            if "o" in argument.lower():
                next(rest, "")
    return None


def airflow_commands_in(script: str) -> tuple[Words, ...]:
    """Every Airflow command that the script seems to run, in its order."""
    found = (_words(match) for match in _AIRFLOW.findall(script.replace("\\\n", " ")))
    return tuple(words for words in found if words)


def _words(arguments: str) -> Words:
    return words_of([argument.strip("\"'") for argument in arguments.split()])
