"""A configuration in memory: invented settings of every layer, edits that last as long as the object."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pake_tui.errors import ConfigError, ReadOnlyError
from pake_tui.model.setting import ConfigView, EditPreview, Layer, Problem, Provenance, Setting

FILE = "/etc/pake-tui/pake.yaml"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BOOLEANS = {"true": True, "false": False}


def _file(line: int) -> Provenance:
    return Provenance(Layer.FILE, f"pake.yaml:{line}", line)


def _number(path: str, value: float, default: float, meaning: str, limits: str, place: Provenance) -> Setting:
    return Setting(path, value, default, meaning, "number", limits, place)


def _invented() -> tuple[Setting, ...]:
    default = Provenance(Layer.DEFAULT)
    return (
        Setting("logging.service_name", "shop", "app", "name of the service", "text", "", _file(2)),
        Setting(
            "logging.log_level",
            "DEBUG",
            "INFO",
            "least level that is written",
            "choice",
            "",
            Provenance(Layer.ENVIRONMENT, "$LOG_LEVEL", overrides="pake.yaml:3: INFO"),
            _LEVELS,
            "LOG_LEVEL",
        ),
        Setting("logging.json_format", True, True, "write JSON lines", "true or false", "", default),
        _number(
            "logging.max_file_size_mb",
            100.0,
            100.0,
            "rotates at this size, MiB",
            "1 to 1000",
            default,
        ),
        _number("monitoring.cpu_threshold_percent", 80.0, 80.0, "cpu alert", "0 to 100", _file(6)),
        _number(
            "monitoring.memory_threshold_percent",
            90.0,
            85.0,
            "memory use above this is an alert",
            "0 to 100",
            Provenance(Layer.RUNTIME, "payment@812 14:01", overrides="pake.yaml:7: 85.0"),
        ),
        _number("monitoring.disk_threshold_percent", 90.0, 90.0, "disk alert", "0 to 100", default),
        Setting("rules", ("api slow",), (), "alert rules", "list", "", _file(9), editable=False),
        Setting(
            "logs", ("/srv/*/logs/*.log",), (), "globs of log files", "list", "", _file(14), editable=False
        ),
    )


class FakeConfigStore:
    """A ConfigStore: nine settings, one from the environment, one set at run time."""

    def __init__(self, read_only: str = "") -> None:
        self._settings = _invented()
        self._read_only = read_only
        self._version = 1
        self._next_line = 15

    def view(self) -> ConfigView:
        """Every setting as it is in force now."""
        return ConfigView(self._settings, FILE, True, (), self._read_only, self._version)

    def preview(self, path: str, text: str) -> EditPreview:
        """What the edit would change, or why it is refused."""
        if self._read_only:
            return EditPreview(path, FILE, None, "", "", self._read_only)
        setting = next((one for one in self._settings if one.path == path), None)
        if setting is None or not setting.editable:
            word = "is a list; edit the file itself" if setting is not None else "is no setting"
            return EditPreview(path, FILE, None, "", "", f"{path} {word}")
        value = _read(setting, text.strip())
        if isinstance(value, str) and setting.type != "text" and not setting.choices:
            return EditPreview(path, FILE, None, "", "", value)
        if setting.choices and value not in setting.choices:
            return EditPreview(path, FILE, None, "", "", f"one of {', '.join(setting.choices)}")
        name = path.rpartition(".")[2]
        before = f"  {name}: {_yaml(setting.value)}" if setting.provenance.layer is Layer.FILE else ""
        line = setting.provenance.line or self._next_line
        return EditPreview(path, FILE, line, before, f"  {name}: {text.strip()}")

    def apply(self, path: str, text: str) -> EditPreview:
        """Keep it. ConfigError, ReadOnlyError."""
        if self._read_only:
            raise ReadOnlyError(f"{path} was not changed: {self._read_only}")
        done = self.preview(path, text)
        if done.problem:
            raise ConfigError(f"{path}: {done.problem}")
        self._settings = tuple(
            self._edited(one, done, text) if one.path == path else one for one in self._settings
        )
        self._next_line += not done.before
        self._version += 1
        return done

    def validate(self, text: str) -> ConfigView:
        """A text is wrong here if a line of it is indented with a tab."""
        problems = tuple(
            Problem(FILE, number, "", "is indented with a tab", "use blanks")
            for number, line in enumerate(text.split("\n"), 1)
            if line.startswith("\t")
        )
        return replace(self.view(), problems=problems)

    def _edited(self, setting: Setting, done: EditPreview, text: str) -> Setting:
        if setting.provenance.layer is Layer.ENVIRONMENT:
            over = f"pake.yaml:{done.line}: {text.strip()}"
            return replace(setting, provenance=replace(setting.provenance, overrides=over))
        return replace(setting, value=_read(setting, text.strip()), provenance=_file(done.line or 1))


def _read(setting: Setting, text: str) -> object:
    """The value, or in words why there is none."""
    if setting.choices:
        return text.upper()
    if setting.type == "true or false":
        return _BOOLEANS.get(text, "is not true or false")
    if setting.type != "number":
        return text
    low, _, high = setting.limits.partition(" to ")
    try:
        number = float(text)
    except ValueError:
        return f"{text!r} is not a number; a number from {setting.limits}"
    if not float(low) <= number <= float(high):
        return f"{text} is out of range; a number from {setting.limits}"
    return number


def _yaml(value: object) -> str:
    spelled: Mapping[object, str] = {True: "true", False: "false"}
    return (
        spelled[value]
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
