from __future__ import annotations

import os
from pathlib import Path

import pytest
from astronomer.runtime.logging import tickets
from astronomer.runtime.logging.tickets import Session, host_word


def test_sessions_are_in_the_order_of_their_jobs_and_then_of_their_clocks() -> None:
    ran = [
        Session(0, 1_700_000_000_000_000_300, "first"),
        Session(0, 1_700_000_000_000_000_400, "first"),
        Session(7, 1_700_000_000_000_000_200, "second"),
        Session(12, 1_700_000_000_000_000_100, "third"),
    ]
    assert sorted(reversed(ran)) == ran
    assert [Session.parse(each.name) for each in ran] == ran
    # Those of releases that knew the clock alone.
    assert Session.parse("1657532400123456789-10-0-0-1") == Session(
        0, 1657532400123456789, "10-0-0-1"
    )


@pytest.mark.parametrize("name", ["", "1", "1-", "-host", "\u00b2-host", "1.5-host", " 1-host"])
def test_what_is_no_session_s_name_is_none(name: str) -> None:
    assert Session.parse(name) is None


@pytest.mark.parametrize("host", ["h" * 253, "\u00e9" * 200, "\udcff/..", ""])
def test_any_host_s_name_is_kept(host: str, tmp_path: Path) -> None:
    ticket = tickets.begin(tmp_path, Session.begin(host, 2**63), "a/" * 400 + "b", 5)
    [waiting] = tickets.waiting(tmp_path)
    assert waiting.session.host == host_word(host) != host_word(f"{host}x")
    assert (waiting.log, waiting.start) == ("a/" * 400 + "b", 5)
    assert not waiting.nobody_writes()
    ticket.close()
    assert waiting.nobody_writes()


@pytest.mark.parametrize("log", ["../a", "/a", "a/../../b", "", "a\0", "a\ud800"])
def test_only_what_lies_below_the_folder_of_logs_gets_a_ticket(log: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="outside"):
        tickets.begin(tmp_path, Session(0, 1, "host"), log, 0)
    assert os.listdir(tmp_path) == []


def test_a_ticket_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    # In its place, so that the ticket's file cannot take its name.
    (tmp_path / "1-host.ticket").mkdir()
    with pytest.raises(OSError):
        tickets.begin(tmp_path, Session(0, 1, "host"), "log", 0)
    assert os.listdir(tmp_path) == ["1-host.ticket"]
