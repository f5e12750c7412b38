"""The list of settings: value, and where it came from."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.message import Message

from pake_tui.model.setting import ConfigView, Layer, Setting
from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, fit, t
from pake_tui.tui.widgets.panel import Panel, bindings_for

LAYER_ROLE = {Layer.DEFAULT: "dim", Layer.FILE: "text", Layer.ENVIRONMENT: "warning", Layer.RUNTIME: "accent"}


class SettingsPanel(Panel):
    """Every setting in the schema's order, or only those that differ from their defaults."""

    BINDINGS: ClassVar = [*bindings_for("list"), *bindings_for("config")]
    places: ClassVar = ("config", "list")

    class EditorAsked(Message):
        """`ctrl+e`: the file shall be opened in an editor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Settings", id=id)
        self.view: ConfigView | None = None
        self.rows: tuple[Setting, ...] = ()
        self.only_changed = False

    def show(self, view: ConfigView) -> None:
        """Draw newer values."""
        if view is self.view:
            return
        key = self.current_key()
        self.view = view
        self.rows = tuple(s for s in view.settings if not self.only_changed or s.value != s.default)
        self.keep(key)

    def row_count(self) -> int:
        """One row a setting."""
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        """Its path."""
        return self.rows[index].path

    @property
    def selected(self) -> Setting | None:
        """The setting under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def draw_row(self, index: int, width: int) -> Line:
        """Path, value, layer and place."""
        glyphs = self.console_app.glyphs
        setting = self.rows[index]
        place = setting.provenance.place or setting.provenance.layer.value
        longest = max(len(setting.path) for setting in self.rows)
        name = min(longest + 2, max(24, width - 32))
        role = LAYER_ROLE[setting.provenance.layer]
        changed = setting.value != setting.default
        return [
            (fit(f" {setting.path}", name, glyphs), "text"),
            (SafeText(" "), "text"),
            (
                fit(show_value(setting.value), max(8, width - name - 22), glyphs),
                "title" if changed else "text",
            ),
            (SafeText(" "), "text"),
            (fit(place, 20, glyphs), role),
        ]

    def title_right(self) -> Line:
        """The file, and what is wrong in it."""
        view = self.view
        if view is None:
            return []
        if view.problems:
            return [(t(f"{len(view.problems)} problem(s) in {view.file}"), "error")]
        more = "" if view.exists else " (not there yet; the first edit makes it)"
        return [(t(f"{view.file}{more}"), "dim")]

    def action_differences(self) -> None:
        """Only what differs from the defaults, and back."""
        self.only_changed = not self.only_changed
        view, self.view = self.view, None
        if view is not None:
            self.show(view)
        self.tell_moved()

    def action_open_editor(self) -> None:
        """The file in $EDITOR."""
        self.post_message(self.EditorAsked())

    def empty_lines(self) -> list[Line]:
        """Why nothing is listed."""
        return [[(t(" Nothing differs from the defaults; d shows all settings."), "dim")]]


def show_value(value: object) -> str:
    """A value as YAML would spell it, on one line."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(show_value(item) for item in value) + "]"
    return str(value)
