"""The entrypoint as a real process, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

_AIRFLOW_PROGRAM = """\
#!/bin/sh
echo "airflow $*"
echo "new=$AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
echo "old=$AIRFLOW__CORE__SQL_ALCHEMY_CONN"
"""


class Entrypoint:
    """The entrypoint in an environment of its own, with an `airflow` that prints what it got."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.programs = folder / "bin"
        self.packages = folder / "packages"
        for path in (self.home, self.programs, self.packages):
            path.mkdir()
        self.install("airflow", _AIRFLOW_PROGRAM)

    def install(self, name: str, text: str) -> None:
        """Put a program on the PATH."""
        program = self.programs / name
        program.write_text(text)
        program.chmod(0o755)

    def install_migrations(self, *revisions: str) -> None:
        """Put an Airflow package with these migrations beside it; it cannot be imported."""
        versions = self.packages / "airflow" / "migrations" / "versions"
        versions.mkdir(parents=True)
        (self.packages / "airflow" / "__init__.py").write_text("raise SystemExit('imported')\n")
        for revision in revisions:
            text = f"import alembic\n\nrevision = '{revision}'\ndown_revision = 'x'\n"
            (versions / f"0001_{revision}.py").write_text(text)

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start it and return at once."""
        return self.popen(arguments, environ, stdout=subprocess.PIPE)

    def popen(
        self, arguments: Sequence[str], environ: Mapping[str, str], **options: Any
    ) -> subprocess.Popen[str]:
        """As `start`, with further options of `Popen`."""
        code = "import sys; from astronomer.runtime.entrypoint.main import main; sys.exit(main())"
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            # Python looks for packages in the folder that it is started in, too.
            cwd=self.home,
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "PYTHONPATH": os.pathsep.join(
                    [str(self.packages), *(os.path.abspath(each) for each in sys.path)]
                ),
                "AIRFLOW_HOME": str(self.home),
                **environ,
            },
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def entrypoint(tmp_path: Path) -> Entrypoint:
    folder = tmp_path / "entrypoint"
    folder.mkdir()
    return Entrypoint(folder)
