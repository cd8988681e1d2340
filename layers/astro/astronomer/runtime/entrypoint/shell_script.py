"""Which Airflow commands a shell's command line runs, as far as its text shows."""

from __future__ import annotations

from astronomer.runtime.entrypoint.airflow_cli import Words, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = frozenset({"bash", "dash", "sh"})

_OPTIONS_WITH_ARGUMENT = frozenset({"--init-file", "--rcfile"})

# Not a parser of the shell's grammar: it may see a command where there is only text, and then the
# entrypoint waits for a database that is configured anyway.
_AIRFLOW = r"""(?:^|[\s;&|(){}`"'/])airflow[ \t]+([^;&|()`\n]*)"""


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
    # Imported here, so that a start without a shell's command line does without it.
    import re

    found = (_words(match) for match in re.findall(_AIRFLOW, script.replace("\\\n", " ")))
    return tuple(words for words in found if words)


def prepares(script: str) -> bool:
    """Whether the script does something before the first Airflow command, such as to make files."""
    import re

    return not re.match(r"\s*(exec\s+)?(\S*/)?airflow\s", script)


def _words(arguments: str) -> Words:
    return words_of([argument.strip("\"'") for argument in arguments.split()])
