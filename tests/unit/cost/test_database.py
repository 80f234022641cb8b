"""The cost database keeps measurements per environment and outlives damaged, foreign and contended files."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from warploom.cost.database import CostDatabase, Environment

_HERE = Environment("NVIDIA H200", 132, "580.65", (("cudnn", "91900"), ("cudnn-frontend", "1.26.0")))


def _open(path: Path, environment: Environment = _HERE, log: list[str] | None = None) -> CostDatabase:
    return CostDatabase(path, environment, ([] if log is None else log).append)


def test_that_entries_outlive_the_process_that_measured_them(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "costs.db"
    with _open(path) as database:
        database.put("plan", {"a": b"\x00\xff", "b": b"2"})
        database.put("plan", {"b": b"3"})
        database.put("stage", {"a": b"other kind"})
    with _open(path) as database:
        assert database.get("plan", ["a", "b", "missing"]) == {"a": b"\x00\xff", "b": b"3"}
        assert database.get("stage", ["a", "b"]) == {"a": b"other kind"}


def test_that_more_keys_than_a_statement_takes_are_found(tmp_path: Path) -> None:
    entries = {f"key {i}": str(i).encode() for i in range(3000)}
    with _open(tmp_path / "costs.db") as database:
        database.put("stage", entries)
        assert database.get("stage", entries) == entries


@pytest.mark.parametrize(
    "other",
    [
        replace(_HERE, device="NVIDIA H100"),
        replace(_HERE, sm_count=66),
        replace(_HERE, driver="590.1"),
        replace(_HERE, libraries=(("cudnn", "91901"), ("cudnn-frontend", "1.26.0"))),
        replace(_HERE, libraries=(("cudnn", "91900"),)),
    ],
)
def test_that_nothing_measured_elsewhere_is_found(tmp_path: Path, other: Environment) -> None:
    path = tmp_path / "costs.db"
    with _open(path) as database:
        database.put("plan", {"a": b"1"})
    with _open(path, other) as database:
        assert database.get("plan", ["a"]) == {}
        database.put("plan", {"a": b"2"})
    with _open(path) as database:
        assert database.get("plan", ["a"]) == {"a": b"1"}


def test_that_the_order_in_which_libraries_are_named_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "costs.db"
    with _open(path) as database:
        database.put("plan", {"a": b"1"})
    with _open(path, replace(_HERE, libraries=_HERE.libraries[::-1])) as database:
        assert database.get("plan", ["a"]) == {"a": b"1"}


def test_that_a_file_that_is_no_database_is_set_aside_and_said(tmp_path: Path) -> None:
    path, log = tmp_path / "costs.db", list[str]()
    path.write_bytes(b"these are not the bytes of a database" * 100)
    with _open(path, log=log) as database:
        database.put("plan", {"a": b"1"})
        assert database.get("plan", ["a"]) == {"a": b"1"}
    (aside,) = tmp_path.glob("costs.db.aside-*")
    assert aside.read_bytes().startswith(b"these are not")
    assert len(log) == 1
    assert str(path) in log[0]
    assert aside.name in log[0]


def test_that_damage_found_while_in_use_costs_the_entries_only(tmp_path: Path) -> None:
    path, log = tmp_path / "costs.db", list[str]()
    entries = {f"key {i}": bytes(500) for i in range(500)}
    with _open(path) as database:
        database.put("plan", entries)
    size = path.stat().st_size
    with path.open("r+b") as file:  # the first page, with the schema, stays whole
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    with _open(path, log=log) as database:
        assert database.get("plan", entries) == {}
        database.put("plan", {"a": b"1"})
        assert database.get("plan", ["a"]) == {"a": b"1"}
    assert len(log) == 1
    assert "damaged" in log[0]
    assert len(list(tmp_path.glob("costs.db.aside-*"))) == 1


def test_that_another_programs_database_is_kept_whole(tmp_path: Path) -> None:
    path, log = tmp_path / "costs.db", list[str]()
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE songs (title TEXT)")
        foreign.execute("INSERT INTO songs VALUES ('Tempest')")
    foreign.close()
    with _open(path, log=log) as database:
        database.put("plan", {"a": b"1"})
    (aside,) = tmp_path.glob("costs.db.aside-*")
    kept = sqlite3.connect(aside)
    assert kept.execute("SELECT title FROM songs").fetchall() == [("Tempest",)]
    kept.close()
    assert "another program's" in log[0]


def test_that_a_file_of_another_format_is_set_aside(tmp_path: Path) -> None:
    path, log = tmp_path / "costs.db", list[str]()
    with _open(path) as database:
        database.put("plan", {"a": b"1"})
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with _open(path, log=log) as database:
        assert database.get("plan", ["a"]) == {}
    assert "format 999" in log[0]


def test_that_a_folder_that_cannot_be_written_is_said_once_and_costs_nothing_else(tmp_path: Path) -> None:
    log = list[str]()
    (tmp_path / "file").write_text("")
    with _open(tmp_path / "file" / "costs.db", log=log) as database:
        database.put("plan", {"a": b"1"})
        assert database.get("plan", ["a"]) == {}
    assert len(log) == 1
    assert "not kept" in log[0]


def test_that_a_writer_that_never_ends_does_not_stop_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warploom.cost.database._BUSY_TIMEOUT_S", 0.05)
    path, log = tmp_path / "costs.db", list[str]()
    with _open(path, log=log) as database:
        database.put("plan", {"a": b"1"})
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        database.put("plan", {"b": b"2"})
        assert database.get("plan", ["a", "b"]) == {"a": b"1"}, "readers go on while another process writes"
        writer.execute("ROLLBACK")
        writer.close()
        database.put("plan", {"b": b"2"})
        assert database.get("plan", ["a", "b"]) == {"a": b"1", "b": b"2"}
    assert len(log) == 1
    assert "another process" in log[0]


_WRITER = """
import sys
from pathlib import Path
from warploom.cost.database import CostDatabase, Environment
name, path = sys.argv[1], Path(sys.argv[2])
environment = Environment("NVIDIA H200", 132, "580.65", (("cudnn", "91900"), ("cudnn-frontend", "1.26.0")))
with CostDatabase(path, environment, print) as database:
    for i in range(200):
        database.put("stage", {f"{name} {i}": name.encode()})
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_that_processes_share_a_database_that_none_of_them_has_made_yet(tmp_path: Path, damaged: bool) -> None:
    path = tmp_path / "costs.db"
    if damaged:
        path.write_bytes(b"damage" * 1000)
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, name, str(path)], stdout=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    said = "".join(writer.communicate()[0] for writer in writers)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert said.count("\n") == len(list(tmp_path.glob("*.aside-*"))) == (1 if damaged else 0)
    keys = [f"{name} {i}" for name in ("one", "two", "three") for i in range(200)]
    with _open(path) as database:
        assert len(database.get("stage", keys)) == 600
