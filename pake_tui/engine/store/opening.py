"""Opening a database file: made, checked, migrated, refused or set aside."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct, field

from pake_tui.clock import monotonic
from pake_tui.engine.store.failures import is_corrupt, why_not
from pake_tui.engine.store.files import create_file, file_system, is_network
from pake_tui.engine.store.guard import Guard
from pake_tui.errors import StoreError

SETUP_TIMEOUT = 5.0
META = "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
JOURNAL_LIMIT = 16 * 1024 * 1024


class Schema(Struct, frozen=True):
    """Migrations that only add, in order; their number is the schema's version.

    `min_reader` and `min_writer` are the oldest versions that may still read and write a file of this one;
    `application_id` tells our file from another program's of the same name.
    """

    application_id: int
    migrations: tuple[str, ...]
    min_reader: int = 1
    min_writer: int = 1

    @property
    def version(self) -> int:
        """How many migrations there are."""
        return len(self.migrations)


class Opened(Struct):
    """A connection with the file it stands for.

    `identity` is None for the empty stand-in of a missing file.
    """

    connection: sqlite3.Connection
    identity: tuple[int, int] | None
    refusal: str = ""
    """Why it must not be written; empty where it may."""
    notes: list[str] = field(default_factory=list)
    version: int = -1
    """The last `data_version` seen."""
    frozen_at: int | None = None
    """For a file read without locks: its modification time, ns."""
    stands_in: int | None = None
    """The file's schema version where it lacks tables that stand-ins are there for."""

    def is_outdated(self, path: Path) -> bool:
        """Whether the path stands for another file now."""
        try:
            facts = path.stat()
        except OSError:
            return self.identity is not None
        if self.frozen_at is not None and (facts.st_mtime_ns != self.frozen_at or _wal(path).exists()):
            return True
        if self.stands_in is not None and _version_of(self.connection) != self.stands_in:
            return True
        return self.identity != (facts.st_dev, facts.st_ino)


def open_writing(path: Path, schema: Schema, guard: Guard, *, durable: bool) -> Opened:
    """Open for reading and writing; made and migrated first where needed. sqlite3.Error, StoreError."""
    if not path.parent.is_dir():
        raise StoreError(f"the state folder {path.parent} does not exist", hint="was it deleted?")
    network = is_network(kind := file_system(path.parent))
    deadline = monotonic() + SETUP_TIMEOUT
    with guard.exclusive(path, deadline):
        try:
            create_file(path)
        except OSError as error:
            raise StoreError(f"cannot create {path}: {error.strerror}") from None
        connection = _connect(path, "rw")
        try:
            opened = Opened(connection, _identity(path))
            _migrate(connection, path, schema)
            opened.refusal = _refusal(connection, path, schema)
            wanted = "truncate" if network else "wal"
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
                connection.execute(f"PRAGMA journal_mode={wanted}").fetchone()
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            connection.execute(f"PRAGMA journal_size_limit={JOURNAL_LIMIT}").fetchone()
        except BaseException:
            connection.close()
            raise
    if network:
        opened.notes.append(
            f"{path.parent} lies on a network file system ({kind}): no write-ahead log there, "
            "writes are slower and must not come from several machines"
        )
    if opened.refusal:
        opened.notes.append(opened.refusal)
    return opened


def open_reading(path: Path, schema: Schema) -> Opened:
    """Open without ever writing; a missing file is an empty database until it appears. sqlite3.Error,
    StoreError.
    """
    identity = _identity(path)
    if identity is None or path.stat().st_size == 0:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _migrate(connection, path, schema)
        return Opened(connection, identity, frozen_at=0 if identity else None)
    frozen_at = None
    connection = _connect(path, "ro")
    try:
        try:
            _refusal(connection, path, schema)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            if _wal(path).exists():
                raise StoreError(f"{path} cannot be read: {why_not(path)}") from None
            # Nobody has it open and we may not make its shared memory: read it as it lies, without locks.
            connection.close()
            frozen_at = path.stat().st_mtime_ns
            connection = _connect(path, "ro&immutable=1")
            _refusal(connection, path, schema)
        stands_in = _stand_in(connection, schema)
    except BaseException:
        connection.close()
        raise
    return Opened(connection, identity, frozen_at=frozen_at, stands_in=stands_in)


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _stand_in(connection: sqlite3.Connection, schema: Schema) -> int | None:
    """Empty temporary tables for those that an older file has not yet: who only reads cannot migrate. Its
    version, None where nothing is missing.
    """
    done = _version_of(connection)
    if not 0 < done < schema.version:
        return None
    for migration in schema.migrations[done:]:
        for statement in migration.split(";"):
            if statement.strip().startswith("CREATE TABLE "):
                connection.execute(statement.replace("CREATE TABLE ", "CREATE TEMP TABLE IF NOT EXISTS ", 1))
    return done


def set_aside(path: Path, guard: Guard) -> str:
    """Rename a corrupt file and its log out of the way; what was done in words, empty if another one did it.

    Under the exclusive guard, and only after the file was found corrupt once more there.
    """
    with guard.exclusive(path, monotonic() + SETUP_TIMEOUT):
        if not path.exists() or not _is_corrupt(path):
            return ""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        away = path.with_name(f"{path.name}.corrupt-{stamp}")
        # The log first: left beside a fresh file it would be played into that one.
        for suffix in ("-wal", "-shm", "-journal", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(away.with_name(away.name + suffix))
    return f"{path.name} was corrupt and lies now at {away}"


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=SETUP_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=128,
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Bring a file to this schema; refuse another program's."""
    done = _version_of(connection)
    _refuse_strangers(connection, path, schema)
    if done >= schema.version:
        return
    steps = ([META] if not done else []) + list(schema.migrations[done:])
    limits = {"min_reader": schema.min_reader, "min_writer": schema.min_writer}
    steps += [f"INSERT OR REPLACE INTO meta VALUES('{name}',{value});" for name, value in limits.items()]
    connection.executescript(
        f"BEGIN IMMEDIATE;{''.join(steps)}PRAGMA application_id={schema.application_id};"
        f"PRAGMA user_version={schema.version};COMMIT;"
    )


def _refuse_strangers(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    used = owner or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if owner != schema.application_id and used:
        raise StoreError(
            f"{path} is another program's database", hint="name another state folder with PAKE_STATE_DIR"
        )


def _refusal(connection: sqlite3.Connection, path: Path, schema: Schema) -> str:
    """Why this version may not write the file; StoreError if it may not even read it."""
    _refuse_strangers(connection, path, schema)
    limits = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    newest = _version_of(connection)
    newer = f"{path} was made by a newer pake-tui (its schema is {newest}, this one knows {schema.version})"
    way_out = "upgrade pake-tui, or name another state folder with PAKE_STATE_DIR"
    if int(limits.get("min_reader", 1)) > schema.version:
        raise StoreError(f"{newer} and cannot be read by this one", hint=way_out)
    if int(limits.get("min_writer", 1)) > schema.version:
        return f"{newer}: it can be read here, not written; {way_out}"
    return ""


def _is_corrupt(path: Path) -> bool:
    try:
        connection = _connect(path, "rw")
    except sqlite3.Error as error:
        return is_corrupt(error)
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.Error as error:
        return is_corrupt(error)
    finally:
        connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened: {error.strerror}", hint="name another state folder with PAKE_STATE_DIR"
        ) from None
    return facts.st_dev, facts.st_ino


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
