"""The cost database: what was measured on a GPU, kept between runs and shared by concurrent processes.

Entries are opaque bytes under (environment, kind, key): the environment names everything that a measurement depends on
beside its key, so that nothing measured on another card or with another library is ever taken for true. The database
is a cache: when it cannot be read it is set aside and said, and when it cannot be written the work goes on without it.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

SCHEMA_VERSION = 1
"""Raised whenever the tables or the meaning of entries change; a file of another version is set aside."""

# "Wplm": tells our files from other SQLite databases.
_APPLICATION_ID = 0x57706C6D
_BUSY_TIMEOUT_S = 5.0
_ATTEMPTS = 4  # another process may set a file aside under every one of them
# SQLite allows 32766 parameters in a statement, old builds 999.
_KEYS_PER_QUERY = 500
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)

_TABLES = (
    "CREATE TABLE IF NOT EXISTS environment (id INTEGER PRIMARY KEY, description TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS entry ("
    "environment INTEGER NOT NULL REFERENCES environment (id), kind TEXT NOT NULL, key TEXT NOT NULL,"
    " value BLOB NOT NULL, PRIMARY KEY (environment, kind, key))",
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that a measurement depends on, apart from what was measured.

    Attributes:
        device: Name of the GPU, as "NVIDIA H200".
        sm_count: Its multiprocessors (a slice of a card has fewer).
        driver: Version of the driver.
        libraries: Names and versions of the libraries, as (("cudnn", "91900"), ("cudnn-frontend", "1.26.0")).
    """

    device: str
    sm_count: int
    driver: str
    libraries: tuple[tuple[str, str], ...]

    @property
    def description(self) -> str:
        """The environment as text: equal environments, and only those, have equal descriptions."""
        return json.dumps([self.device, self.sm_count, self.driver, sorted(self.libraries)], separators=(",", ":"))


class _ForeignFileError(Exception):
    """The file is an SQLite database, but not one that this version can use."""


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds other processes off while a file is looked at and moved; the lock goes with the process."""
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class CostDatabase:
    """Measurements of one environment in an SQLite file; may be used from several threads and processes.

    Never raises for a bad file: reading then finds nothing and writing does nothing, and `log` is told why.

    Args:
        path: The file; made with its folder when missing.
        environment: What the entries are valid for.
        log: Takes a sentence for the user about a database that was set aside or cannot be used.
    """

    def __init__(self, path: Path, environment: Environment, log: Callable[[str], None]) -> None:
        self._path = path
        self._description = environment.description
        self._log = log
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._environment_id = 0
        self._inode = 0
        self._closed = False
        with self._lock:
            self._guarded(lambda _: None, None)

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, bytes]:
        """The entries of a kind that exist among `keys`."""
        wanted = sorted(set(keys))
        with self._lock:
            return self._guarded(lambda connection: self._select(connection, kind, wanted), {})

    def put(self, kind: str, entries: Mapping[str, bytes]) -> None:
        """Writes entries, all or none; newer ones replace older ones."""
        if entries:
            with self._lock:
                self._guarded(lambda connection: self._insert(connection, kind, entries), None)

    def close(self) -> None:
        """Closes the file; may be called again."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _select(self, connection: sqlite3.Connection, kind: str, keys: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            part = keys[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, value FROM entry WHERE environment = ? AND kind = ? AND key IN ({marks})"
            found.update(connection.execute(query, (self._environment_id, kind, *part)))
        return found

    def _insert(self, connection: sqlite3.Connection, kind: str, entries: Mapping[str, bytes]) -> None:
        rows = [(self._environment_id, kind, key, value) for key, value in entries.items()]
        with connection:
            connection.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)

    def _guarded(self, action: Callable[[sqlite3.Connection], _Result], otherwise: _Result) -> _Result:
        """Runs an action, a second time on a new file if this one had to be set aside."""
        for _ in range(_ATTEMPTS):
            if self._closed:
                break
            try:
                return action(self._connection or self._connect())
            except _ForeignFileError as error:
                self._set_aside(str(error))
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                    self._set_aside(f"is damaged ({error})")
                elif self._was_moved():
                    self._disconnect()
                elif not _is_busy(error):
                    self._give_up(error)
                else:
                    self._log(f"The cost database {self._path} is in use by another process; going on without it.")
                    break
            except OSError as error:
                self._give_up(error)
        return otherwise

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:  # one look: another process may set the file aside at any moment
            self._inode = os.fstat(file.fileno()).st_ino
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            self._environment_id = _prepare(connection, self._description)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _set_aside(self, reason: str) -> None:
        """Renames the file and what SQLite keeps beside it; another process may have done so already."""
        self._disconnect()
        aside = self._path.with_name(f"{self._path.name}.aside-{time.time_ns()}")
        try:
            with _alone(self._path):
                if not self._was_moved() and self._rename(aside):
                    self._log(
                        f"The cost database {self._path} {reason}: set aside as {aside.name}, starting an empty one."
                    )
        except OSError as error:
            self._give_up(error)

    def _was_moved(self) -> bool:
        """Whether the file that was opened is not at its path any more: another process has set it aside."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def _rename(self, aside: Path) -> bool:
        """Whether this process was the one that moved the file."""
        moved = False
        for suffix in ("-wal", "-shm", ""):
            moved = False
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).rename(aside.with_name(aside.name + suffix))
                moved = True
        return moved

    def _give_up(self, error: Exception) -> None:
        self._disconnect()
        self._closed = True
        self._log(f"The cost database {self._path} cannot be used ({error}): measurements are not kept.")


def _prepare(connection: sqlite3.Connection, description: str) -> int:
    """Makes the tables where the file is new, checks them where it is not, and returns the environment's number."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN")  # what follows sees one state: another process may be making the tables
    with connection:
        application, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if (application, version) != (_APPLICATION_ID, SCHEMA_VERSION):
        if application not in (0, _APPLICATION_ID) or (application == 0 and tables):
            raise _ForeignFileError("is another program's database")
        if tables:
            raise _ForeignFileError(f"has format {version}, this version of Warploom uses {SCHEMA_VERSION}")
        _create(connection)
    find = "SELECT id FROM environment WHERE description = ?"
    row = connection.execute(find, (description,)).fetchone()
    if row is None:
        with connection:
            connection.execute("INSERT OR IGNORE INTO environment (description) VALUES (?)", (description,))
        row = connection.execute(find, (description,)).fetchone()
    return int(row[0])


def _create(connection: sqlite3.Connection) -> None:
    # Readers go on while another process writes. Where the file system cannot do this, SQLite keeps its journal.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
