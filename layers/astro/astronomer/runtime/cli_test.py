from __future__ import annotations

import pytest
from astronomer.runtime import cli


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(["--help"])
    assert exit.value.code == 0
    printed = capsys.readouterr().out
    assert "config" in printed and "health" in printed


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        cli.main(["helth"])
    assert exit.value.code == 2
    assert "invalid choice: 'helth'" in capsys.readouterr().err
