"""The logger that an application holds: levels, categories, context, timer, report."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from pake_tui.engine.logger import compliance, pipeline
from pake_tui.engine.logger.context import Scope, without_none
from pake_tui.engine.logger.output import Output
from pake_tui.engine.logger.plain import plain
from pake_tui.engine.logger.timing import Timer
from pake_tui.model.record import Level


class Logger:
    """Writes structured records; safe from threads, tasks, signal handlers and forked processes.

    Every method takes a message, optional %-arguments for it, and any fields by name. None of them raises,
    waits for more than one write, or lets a secret through: fields, message and exception texts are masked.
    """

    def __init__(self, output: Output, name: str | None, service: str | Callable[[], str]) -> None:
        self._name = name
        self._output = output
        self._service = service

    @property
    def name(self) -> str:
        """Its own name, or its service's."""
        return self._name or self.service

    @property
    def service(self) -> str:
        """The service its records belong to, which also names the file."""
        return self._service if isinstance(self._service, str) else self._service()

    def debug(self, message: object, /, *args: object, **fields: object) -> None:
        """Details for whoever looks for a mistake."""
        self._log(Level.DEBUG, message, args, fields)

    def info(self, message: object, /, *args: object, **fields: object) -> None:
        """What the application does."""
        self._log(Level.INFO, message, args, fields)

    def warning(self, message: object, /, *args: object, **fields: object) -> None:
        """Something unexpected; the work goes on."""
        self._log(Level.WARNING, message, args, fields)

    def error(self, message: object, /, *args: object, **fields: object) -> None:
        """Something failed; `error=exception` adds its type, message and traceback."""
        self._log(Level.ERROR, message, args, fields)

    def critical(self, message: object, /, *args: object, **fields: object) -> None:
        """The application may have to stop."""
        self._log(Level.CRITICAL, message, args, fields)

    def exception(self, message: object, /, *args: object, **fields: object) -> None:
        """An error with the exception that is being handled."""
        fields.setdefault("exc_info", True)
        self._log(Level.ERROR, message, args, fields)

    def security(self, message: object, /, *args: object, **fields: object) -> None:
        """A security event (`event, user_id, ip, success, reason`); a warning where `success` is False.

        Written whatever the level says.
        """
        level = Level.WARNING if fields.get("success") is False else Level.INFO
        self._log(level, message, args, fields, "security")

    def audit(self, message: object, /, *args: object, **fields: object) -> None:
        """An audit event (`event_type, action, result, user_id, resource`), written whatever the level."""
        self._log(Level.INFO, message, args, fields, "audit")

    def performance(self, message: object, /, *args: object, **fields: object) -> None:
        """A measurement (`operation, duration_ms, memory_mb, cpu_percent`)."""
        self._log(Level.INFO, message, args, fields, "performance")

    def api(self, message: object, /, *args: object, **fields: object) -> None:
        """A request answered (`method, path, status_code, duration_ms`): 4xx is a warning, 5xx an error."""
        self._log(_level_of_status(fields.get("status_code")), message, args, fields, "api")

    def database(self, message: object, /, *args: object, **fields: object) -> None:
        """An operation (`operation, table, duration_ms, row_count`); an error where `error` is given."""
        level = Level.INFO if fields.get("error") is None else Level.ERROR
        self._log(level, message, args, fields, "database")

    def business(self, message: object, /, *args: object, **fields: object) -> None:
        """A business event (`event, entity_type, entity_id, action, metadata`)."""
        self._log(Level.INFO, message, args, fields, "business")

    def with_correlation_id(self, correlation_id: object = None) -> Scope:
        """`with …:` every record in the block carries the ID (a fresh one without argument); yields it."""
        chosen = str(correlation_id) if correlation_id is not None else str(uuid.uuid4())
        return Scope({"correlation_id": chosen}, chosen)

    def with_user(self, user_id: object, username: object = None, **more: object) -> Scope:
        """`with …:` every record in the block says which user it is about."""
        return Scope(without_none({"user_id": user_id, "username": username, **more}), str(user_id))

    def with_request(
        self,
        request_id: object = None,
        method: object = None,
        path: object = None,
        ip: object = None,
        **more: object,
    ) -> Scope:
        """`with …:` every record in the block carries the request under `request`."""
        told = {"request_id": request_id, "method": method, "path": path, "ip": ip, **more}
        return Scope({"request": without_none(told)}, str(request_id or ""))

    def timer(self, operation: str, /, **fields: object) -> Timer:
        """`with …:` or `async with …:` one performance record with `duration_ms` when the block ends.

        A block that raises is recorded as an error, and raises.
        """

        def done(elapsed_ms: float, error: BaseException | None) -> None:
            told = {**fields, "operation": operation, "duration_ms": round(elapsed_ms, 3)}
            if isinstance(error, Exception):
                self._log(Level.ERROR, f"{operation} failed", (), {**told, "error": error}, "performance")
            else:
                self._log(Level.INFO, f"{operation} finished", (), told, "performance")

        return Timer(done)

    def generate_compliance_report(self, days: float = 30) -> compliance.Report:
        """Audit and security events of this service's own log files over the last `days`."""
        self.flush()
        return compliance.report(self._output.path_of(self.service), self.service, days)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything logged so far is in the file; False where that took longer."""
        return self._output.flush(timeout_s)

    @property
    def dropped(self) -> int:
        """Lines of this process that reached no file (queue full, disk full, no permission)."""
        return self._output.dropped

    def _log(
        self,
        level: Level,
        message: object,
        args: tuple[object, ...],
        fields: dict[str, object],
        category: str = "",
    ) -> None:
        try:
            if level < self._output.config.log_level and category not in ("audit", "security"):
                return
            text = formatted(message, args) if args else message
            self._output.emit(pipeline.begin(level, self.service, self.name, text, category, fields))
        except Exception as error:
            self._output.warn_once(f"a record was left out: {type(error).__name__}")


def formatted(message: object, args: tuple[object, ...]) -> str:
    """`message % args` as the standard library's logging does; arguments that don't fit are appended."""
    try:
        values = args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args
        return str(message) % values
    except Exception:
        return " ".join([str(message), *(repr(plain(value)) for value in args)])


def _level_of_status(status: object) -> Level:
    if not isinstance(status, int) or status < 400:
        return Level.INFO
    return Level.WARNING if status < 500 else Level.ERROR
