"""The process that reads advisories, as Pants runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

from vulnerabilities.reading import select as program

OSV = """\
id: PYSEC-1
affected:
- package: {ecosystem: PyPI, name: demo}
  versions: ["1.0"]
"""
TRACKER = {
    "openssl": {"CVE-1": {"releases": {"bullseye": {"status": "open", "urgency": "high"}}}},
    "other": {"CVE-2": {"releases": {"bullseye": {"status": "open", "urgency": "high"}}}},
}


def select(folder: Path, **request: Any) -> "subprocess.CompletedProcess[str]":
    defaults: Dict[str, Any] = {"python": None, "debian": None, "names": ["demo"], "sources": {}}
    (folder / "request.json").write_text(json.dumps({**defaults, **request}))
    return subprocess.run(
        [sys.executable, "-m", program.__name__, "request.json", "answer.json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


def test_it_selects_what_is_about_the_packages(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "PYSEC-1.yaml").write_text(OSV)
    # Another package's file is not even read.
    (tmp_path / "db" / "PYSEC-2.yaml").write_text("id: PYSEC-2\naffected: [{name: x")
    (tmp_path / "tracker.json").write_text(json.dumps(TRACKER))

    run = select(tmp_path, python="db", debian="tracker.json", sources={"openssl": ["bullseye"]})

    assert run.returncode == 0, run.stderr
    answer: Dict[str, Any] = json.loads((tmp_path / "answer.json").read_text())
    assert [(each["id"], each["package"]) for each in answer["advisories"]] == [
        ("PYSEC-1", "demo"),
        ("CVE-1", "openssl"),
    ]
    assert answer["origins"][0] == "db"
    assert answer["origins"][1].startswith("tracker.json, sha256 ")
    assert answer["gaps"] == []


def test_a_suite_that_the_tracker_lists_no_more_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "tracker.json").write_text(json.dumps(TRACKER))
    sources = {"openssl": ["bullseye", "buster"], "curl": ["buster"], "tzdata": ["bullseye"]}

    run = select(tmp_path, debian="tracker.json", sources=sources)

    assert run.returncode == 0, run.stderr
    assert json.loads((tmp_path / "answer.json").read_text())["gaps"] == [
        "tracker.json: Debian's security tracker does not list buster, so nothing is known of 2 "
        "source packages of it. Name data of a day when it did."
    ]


def test_a_failure_is_one_sentence_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    for request, problem in (
        ({"python": "db"}, "db: it holds no advisory in the OSV format"),
        ({"debian": "db"}, "db: this is a folder"),
        ({"debian": "request.json"}, "not the JSON of Debian's security tracker"),
    ):
        run = select(tmp_path, **request)
        assert run.returncode == 1
        assert problem in run.stderr
        assert len(run.stderr.splitlines()) == 1
