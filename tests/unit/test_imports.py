"""The import contracts of the rooms, read from the source and seen in fresh processes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "pake_tui"
ENGINE_LEAVES = {"engine.settings", "engine.store", "engine.logger", "engine.logfiles", "engine.monitoring"}
PURE = {"model", "text", "records", "query"}
ANY = {"errors", "clock"}
MAY = {
    "model": {"model"},
    "text": {"text", "model"},
    "records": {"records", "text", "model"},
    "query": {"query", "records", "text", "model"},
    "engine.settings": {"engine.settings", "model", "text", "paths"},
    "engine.store": {"engine.store", "model", "text", "paths"},
    "engine.logger": {"engine.logger", *PURE, "engine.settings", "engine.store", "paths"},
    "engine.logfiles": {"engine.logfiles", *PURE, "engine.settings", "engine.store", "paths"},
    "engine.monitoring": {"engine.monitoring", *PURE, "engine.settings", "engine.store", "paths"},
    "engine": {"engine", *ENGINE_LEAVES, *PURE, "paths"},
    "integrations": {"integrations", ""},
    "sources": {"sources", *PURE, "paths"},
    "sources.embedded": {"sources", "sources.embedded", "engine", *ENGINE_LEAVES, *PURE, "paths"},
    "cli": {"cli", "sources", "sources.embedded", "engine", *ENGINE_LEAVES, *PURE, "paths", ""},
    "cli.console": {
        "cli",
        "sources",
        "sources.embedded",
        "engine",
        *ENGINE_LEAVES,
        *PURE,
        "paths",
        "tui",
        "",
    },
    "tui": {"tui", "sources", *PURE, "paths"},
    "": {"", "engine", *ENGINE_LEAVES, *PURE, "paths", "cli", "cli.console"},
    "errors": set(),
    "clock": set(),
    "paths": set(),
}
OUTSIDE_FORBIDDEN = {
    "model": {"textual", "rich", "sqlite3", "psutil", "yaml", "orjson", "watchfiles"},
    "text": {"textual", "rich", "sqlite3", "psutil", "socket", "os", "pathlib", "subprocess"},
    "records": {"textual", "rich", "sqlite3", "psutil", "socket", "os", "pathlib", "subprocess"},
    "query": {"textual", "rich", "sqlite3", "psutil", "socket", "os", "pathlib", "subprocess"},
    "cli": {"textual"},
    "engine": {"textual", "rich"},
    "engine.settings": {"textual", "rich"},
    "engine.store": {"textual", "rich"},
    "engine.logger": {"textual", "rich"},
    "engine.logfiles": {"textual", "rich"},
    "engine.monitoring": {"textual", "rich"},
    "sources": {"textual", "rich"},
    "sources.embedded": {"textual", "rich"},
    "tui": {"sqlite3", "psutil"},
}


def room_of(module: str) -> str:
    """The room a dotted module below pake_tui belongs to; the longest known prefix wins."""
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        name = ".".join(parts[:size])
        if name in MAY:
            return name
    return ""


def module_of(path: Path) -> str:
    """`engine.store.database` for pake_tui/engine/store/database.py."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[tuple[int, str]]:
    """(line, module) of every import in a file, inside functions too."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module != "pake_tui":
                found.append((node.lineno, node.module))
            if node.module.startswith("pake_tui"):
                found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=[module_of(p) or "pake_tui" for p in SOURCES])
def test_each_module_imports_only_what_its_room_may(path: Path) -> None:
    """No room reaches past the rooms that the design lets it know."""
    here = room_of(module_of(path))
    for line, name in imports_of(path):
        top = name.split(".")[0]
        if top != "pake_tui":
            assert top not in OUTSIDE_FORBIDDEN.get(here, set()), (
                f"{path}:{line}: {here} must not import {name}"
            )
            continue
        target = room_of(name.removeprefix("pake_tui").removeprefix("."))
        if target == "" and module_of(path) == "__main__":
            continue
        assert target in MAY[here] | ANY, f"{path}:{line}: {here or 'pake_tui'} must not import {name}"


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh process has loaded after a statement."""
    code = f"import sys\n{statement}\nprint('\\n'.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_library_loads_no_heavy_dependency() -> None:
    """`import pake_tui` brings neither Textual nor rich, watchfiles, psutil or numpy."""
    heavy = {"textual", "rich", "watchfiles", "psutil", "yaml", "sqlite3", "numpy"}
    assert not loaded_by("import pake_tui") & heavy


@pytest.mark.parametrize(
    "module", ["sources.embedded.logs", "cli.logs", "cli.trace", "engine.logfiles.worker"]
)
def test_only_what_builds_an_index_loads_numpy(module: str) -> None:
    """Reading, searching and asking an index costs nobody the import of numpy."""
    assert "numpy" not in loaded_by(f"import pake_tui.{module}")


@pytest.mark.parametrize(
    "command", ["logs", "trace", "index", "alerts", "metrics", "health", "config", "doctor", "agent"]
)
def test_a_headless_command_never_loads_textual(command: str) -> None:
    """Every twin's own module can be loaded without Textual."""
    assert "textual" not in loaded_by(f"import pake_tui.cli.main, pake_tui.cli.{command}")
