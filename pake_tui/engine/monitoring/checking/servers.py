"""Checks of databases: redis by its own protocol, PostgreSQL and MySQL by their clients, SQLite by itself."""

from __future__ import annotations

import getpass
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from pake_tui.engine.monitoring.checking.asking import (
    Deadline,
    Degraded,
    Failed,
    Unknown,
    connect,
    connect_path,
)
from pake_tui.engine.monitoring.checking.network import over_tls
from pake_tui.engine.monitoring.checking.specs import CheckSpec

WRONG_LOGIN = frozenset({"28P01", "28000"})
"""invalid_password and invalid_authorization_specification, SQLSTATEs of PostgreSQL's appendix A."""
NOT_YET = frozenset({"57P03"})
"""cannot_connect_now: it starts, ends, or recovers."""
MYSQL_LOGIN = frozenset({1044, 1045, 1698})


def redis(spec: CheckSpec, deadline: Deadline) -> str:
    """AUTH and PING, by the Redis serialization protocol (RESP 2)."""
    url = urlsplit(spec.target)
    assert url.hostname is not None
    host, port = url.hostname, url.port or 6379
    with closing(connect(host, port, deadline)) as raw:
        asked = over_tls(raw, host, deadline) if url.scheme == "rediss" else raw
        if url.password is not None:
            _said(
                asked, ["AUTH", *(unquote(word) for word in (url.username, url.password) if word)], deadline
            )
        answer = _said(asked, ["PING"], deadline)
    if answer != "+PONG":
        raise Failed("bad reply", f"PING was answered with {answer!r}")
    return f"{host}:{port} answers PING"


def _said(connection: socket.socket, words: list[str], deadline: Deadline) -> str:
    """The first line of the answer to a command; Failed or Degraded for an error."""
    encoded = [word.encode() for word in words]
    command = b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded)
    line = b""
    try:
        connection.settimeout(deadline.left(words[0]))
        connection.sendall(command)
        while b"\n" not in line and len(line) < 1024:
            connection.settimeout(deadline.left(words[0]))
            if not (piece := connection.recv(1024)):
                raise Failed("bad reply", f"the connection was closed after {words[0]}")
            line += piece
    except TimeoutError:
        raise deadline.passed(words[0]) from None
    except OSError as error:
        raise Failed("bad reply", f"{words[0]}: {error.strerror}") from None
    answer = line.split(b"\r\n")[0].decode("utf-8", "replace")
    if answer.startswith(("-NOAUTH", "-WRONGPASS", "-NOPERM", "-ERR invalid password")):
        raise Failed("auth", answer[1:])
    if answer.startswith(("-LOADING", "-MASTERDOWN", "-BUSY")):
        raise Degraded(answer[1:])
    if answer.startswith("-"):
        raise Failed("auth" if words[0] == "AUTH" else "bad reply", answer[1:])
    return answer


def postgres(spec: CheckSpec, deadline: Deadline) -> str:
    """A login and SELECT 1. The query's `host` may name a folder with a socket, as in libpq's URIs."""
    try:
        from pg8000 import native
    except ImportError:
        raise Unknown("a PostgreSQL client is missing: pip install 'pake-tui[postgres]'") from None
    url = urlsplit(spec.target)
    connection, where = _database_socket(url, 5432, ".s.PGSQL", deadline)
    query = parse_qs(url.query)
    secure = query.get("sslmode", [""])[-1] in ("require", "verify-ca", "verify-full")
    user = unquote(url.username or "") or getpass.getuser()
    opened: Any = None
    with closing(connection):
        try:
            opened = native.Connection(
                user,
                host=url.hostname or "localhost",
                database=unquote(url.path.lstrip("/")) or user,
                password=unquote(url.password) if url.password is not None else None,
                sock=connection,
                ssl_context=True if secure else None,
            )
            connection.settimeout(deadline.left("SELECT 1"))
            opened.run("SELECT 1")
        except TimeoutError:
            raise deadline.passed("the login") from None
        except native.DatabaseError as error:
            raise _postgres_error(error) from None
        except (native.InterfaceError, OSError) as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, TimeoutError) or "timed out" in str(error):
                raise deadline.passed("the login") from None
            raise Failed("bad reply", str(error) or type(error).__name__) from None
    return f"{where} answers SELECT 1"


def _postgres_error(error: Exception) -> Exception:
    """What PostgreSQL says, by its SQLSTATE."""
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    code, text = str(told.get("C", "")), str(told.get("M") or error)
    if code in WRONG_LOGIN:
        return Failed("auth", text)
    if code in NOT_YET:
        return Degraded(text)
    return Failed("bad reply", f"{text} ({code})" if code else text)


def mysql(spec: CheckSpec, deadline: Deadline) -> str:
    """A login and SELECT 1."""
    try:
        import pymysql
    except ImportError:
        raise Unknown("a MySQL client is missing: pip install 'pake-tui[mysql]'") from None
    url = urlsplit(spec.target)
    connection, where = _database_socket(url, 3306, "", deadline)
    with closing(connection):
        opened = pymysql.Connection(
            user=unquote(url.username or "") or getpass.getuser(),
            password=unquote(url.password or ""),
            host=url.hostname,
            database=unquote(url.path.lstrip("/")) or None,
            defer_connect=True,
            read_timeout=deadline.left("the login"),
        )
        try:
            opened.connect(connection)
            with opened.cursor() as cursor:
                cursor.execute("SELECT 1")
        except TimeoutError:
            raise deadline.passed("the login") from None
        except pymysql.MySQLError as error:
            code, text = (*error.args, "", "")[:2]
            if "timed out" in str(text):
                raise deadline.passed("the login") from None
            raise Failed("auth" if code in MYSQL_LOGIN else "bad reply", f"{text or error}") from None
        except OSError as error:
            raise Failed("bad reply", str(error)) from None
    return f"{where} answers SELECT 1"


def _database_socket(url: SplitResult, port: int, name: str, deadline: Deadline) -> tuple[socket.socket, str]:
    """A connection by TCP, or by the socket in a folder that the query names."""
    folder = parse_qs(url.query).get("host", [""])[-1]
    number = url.port or port
    if name and folder.startswith("/"):
        path = f"{folder}/{name}.{number}"
        return connect_path(path, deadline), path
    host = url.hostname or "localhost"
    return connect(host, number, deadline), f"{host}:{number}"


def sqlite(spec: CheckSpec, deadline: Deadline) -> str:
    """Whether a file is an SQLite database that can be read; nothing is written, nor made beside it."""
    path = Path(spec.target)
    if not path.exists():
        raise Failed("missing", f"{path} does not exist")
    # Without a write-ahead log nobody writes at this moment: it is read as it lies, so that none is made.
    way = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?{way}", uri=True, timeout=deadline.left("opening"))
        ) as opened:
            tables = opened.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        step = "time-out" if "locked" in str(error) else "bad reply"
        raise Failed(step, f"{path}: {error}") from None
    return f"{path} holds {tables} tables and indexes"
