"""One person's own settings: keys, theme, zone and bell, in `$XDG_CONFIG_HOME/pake-tui/console.yaml`."""

from __future__ import annotations

from pathlib import Path

from pake_tui.errors import ConfigError
from pake_tui.paths import holds, xdg

KNOWN = {"theme", "zone", "keys", "ring"}
ZONES = ("local", "UTC", "relative")
RINGS = ("bell", "osc9", "none")


def personal_settings() -> tuple[dict[str, object], str]:
    """The file's mapping (empty where there is none) and its path; ConfigError names what is wrong."""
    path = xdg("config") / "pake-tui" / "console.yaml"
    if not holds(path.exists):
        return {}, str(path)
    import yaml  # who has no such file has no need of a parser

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if raw is None:
        return {}, str(path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected theme:, zone:, ring: and keys:")
    for name in raw:
        if name not in KNOWN:
            raise ConfigError(f"{path}: {name} is unknown", hint=f"known are {', '.join(sorted(KNOWN))}")
    if raw.get("zone", "local") not in ZONES:
        raise ConfigError(f"{path}: zone {raw['zone']!r} is unknown", hint=f"one of {', '.join(ZONES)}")
    if raw.get("ring", "bell") not in RINGS:
        raise ConfigError(f"{path}: ring {raw['ring']!r} is unknown", hint=f"one of {', '.join(RINGS)}")
    return raw, str(path)


def line_of_key(file: str, name: str) -> int | None:
    """In which line of that file, from 1, `keys:` has a name."""
    import yaml

    root = yaml.compose(Path(file).read_text(encoding="utf-8"))
    for section, keys in root.value if isinstance(root, yaml.MappingNode) else ():
        if section.value == "keys":
            return next((one.start_mark.line + 1 for one, _ in keys.value if one.value == name), None)
    return None
