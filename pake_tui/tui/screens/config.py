"""The configuration: every setting, its meaning and provenance; edits in place or in the user's editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.widget import Widget

from pake_tui.errors import ConfigError, PakeError
from pake_tui.model.setting import ConfigView, EditPreview, Setting
from pake_tui.tui.drawing import Line, t
from pake_tui.tui.feed import Snapshot
from pake_tui.tui.panels.lines import LinesPanel, field, heading, paragraph
from pake_tui.tui.panels.settings import SettingsPanel, show_value
from pake_tui.tui.screens.base import ConsoleScreen
from pake_tui.tui.widgets.panel import Panel, bindings_of_main
from pake_tui.tui.widgets.prompt import Prompt, Question
from pake_tui.tui.widgets.steady import Ground
from pake_tui.tui.workspace import read_text


class ConfigScreen(ConsoleScreen):
    """Settings left, the selected one's meaning right."""

    place: ClassVar = "config"
    main: ClassVar = SettingsPanel
    BINDINGS: ClassVar = bindings_of_main("config")
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (110, "-wide")]
    DEFAULT_CSS = """
    ConfigScreen #both { layout: horizontal; height: 1fr; }
    ConfigScreen #list { width: 3fr; }
    ConfigScreen #meaning { width: 2fr; }
    ConfigScreen.-stacked #both { layout: vertical; }
    ConfigScreen.-stacked #list { width: 1fr; height: 1fr; }
    ConfigScreen.-stacked #meaning { width: 1fr; height: 9; }
    """

    def compose_body(self) -> Iterable[Widget]:
        """List and meaning."""
        meaning = LinesPanel("Meaning", id="meaning")
        meaning.opens = True
        yield Ground(SettingsPanel(id="list"), meaning, id="both")

    @property
    def settings(self) -> SettingsPanel:
        """The list."""
        return self.query_one(SettingsPanel)

    def show(self, snapshot: Snapshot) -> None:
        """Newer values."""
        self.settings.show(snapshot.config)
        self.explain()

    def on_panel_moved(self, message: Panel.Moved) -> None:
        """Another setting: another meaning."""
        if isinstance(message.panel, SettingsPanel):
            self.explain()

    def explain(self) -> None:
        """Write the selected setting's meaning, and the file's problems."""
        self.query_one("#meaning", LinesPanel).set_folded(self._explained)

    def _explained(self, width: int) -> list[Line]:
        view, setting = self.settings.view, self.settings.selected
        lines: list[Line] = []
        if view is not None and view.problems:
            lines += paragraph("The file has problems; the last good settings stay in force:", width, "error")
            for problem in view.problems:
                lines += paragraph(str(problem), width, "warning")
            lines.append([])
        if setting is not None:
            lines += setting_lines(setting, width)
        if view is not None and view.read_only:
            lines += [[], *paragraph(f"Nothing can be edited: {view.read_only}", width, "warning")]
        return lines

    def on_panel_opened(self, message: Panel.Opened) -> None:
        """Edit the setting under the cursor."""
        setting = self.settings.selected
        if setting is None:
            return
        if self.settings.view is not None and self.settings.view.read_only:
            self.say(f"cannot edit: {self.settings.view.read_only}", "warning")
        elif not setting.editable:
            self.say(f"{setting.path} is a list of its own: ctrl+e opens the file", "warning")
        elif self.console_app.may_change():
            self.edit(setting, show_value(setting.value) if setting.value is not None else "")

    def edit(self, setting: Setting, text: str) -> None:
        """Ask for a new value; judge it as it is typed, show the line that changes, then write it."""
        app = self.console_app
        prompt = self.query_one(Prompt)

        def judge(typed: str) -> None:
            try:
                found = app.sources.config.preview(setting.path, typed)
            except PakeError as error:
                app.call_from_thread(prompt.tell, typed, "", str(error))
                return
            app.call_from_thread(prompt.tell, typed, change_line(found), found.problem)

        def done(typed: str) -> None:
            app.act(lambda: self.write(setting, typed))

        self.ask(
            Question(
                f"{setting.path} = ",
                done,
                text=text,
                kind="setting",
                complete=lambda typed, caret: [one for one in setting.choices if one.startswith(typed)],
                changed=lambda typed: app.look(lambda: judge(typed)),
            )
        )

    def write(self, setting: Setting, typed: str) -> str:
        """Write one value into the file; what to say."""
        try:
            done = self.console_app.sources.config.apply(setting.path, typed)
        except ConfigError as error:
            self.console_app.call_from_thread(self.edit, setting, typed)
            raise PakeError(f"not saved: {error}") from error
        hidden = setting.provenance.layer.value
        more = f"; {setting.provenance.place} still overrides it here" if hidden == "environment" else ""
        return f"saved: {change_line(done)}{more}"

    def on_settings_panel_editor_asked(self) -> None:
        """The file in $EDITOR; what is broken on return is said, and the editor offered again there."""
        view = self.settings.view
        app = self.console_app
        if view is None or not app.may_change():
            return
        if not view.exists:
            self.say("there is no file yet: edit one setting with enter, that makes it", "warning")
            return
        self.run_editor(view.file, None)

    def run_editor(self, file: str, line: int | None) -> None:
        """Suspend the console for the editor."""
        app = self.console_app
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        place = [f"+{line}"] if line else []
        try:
            with app.suspend():
                subprocess.run([*editor, *place, file], check=False)
        except OSError as error:
            self.say(f"{editor[0]}: {error.strerror}; set $EDITOR to an editor that is installed", "error")
            return
        app.redraw()
        app.look(lambda: self.judge_file(file))

    def judge_file(self, file: str) -> None:
        """Validate what the editor left."""
        app = self.console_app
        try:
            found = app.sources.config.validate(read_text(Path(file)))
        except PakeError as error:
            app.call_from_thread(self.say, str(error), "error")
            return
        app.call_from_thread(self.after_editor, file, found)

    def after_editor(self, file: str, found: ConfigView) -> None:
        """Say how it stands; offer the editor again at the first bad line."""
        if not found.problems:
            self.say(f"{file} is valid; applied", "ok")
            self.console_app.feed.nudge()
            return
        first = found.problems[0]
        label = f"enter edits line {first.line or 1} again, esc leaves it (old settings stay): "
        self.ask(Question(label, lambda text: self.run_editor(file, first.line)))
        self.query_one(Prompt).tell("", str(first).replace(file, file.rpartition("/")[2]))

    def equal_command(self) -> str:
        """The command that prints the selected setting."""
        setting = self.settings.selected
        return f"pake-tui config show {setting.path}" if setting else "pake-tui config show"

    def selected_id(self) -> str:
        """The setting's path."""
        return self.settings.selected.path if self.settings.selected else ""


def setting_lines(setting: Setting, width: int) -> list[Line]:
    """Meaning, type, limits, value and where it came from."""
    provenance = setting.provenance
    place = f"{provenance.layer.value}  {provenance.place}".strip()
    lines: list[Line] = [[(t(f" {setting.path}"), "title")], *paragraph(setting.meaning, width), []]
    lines += [
        field("value", show_value(setting.value), "title"),
        field("from", place),
        field("default", show_value(setting.default)),
        field("type", setting.type),
    ]
    if provenance.overrides:
        lines.append(field("overrides", provenance.overrides, "warning"))
    if setting.limits:
        lines.append(field("accepted", setting.limits))
    if setting.choices:
        lines.append(field("one of", ", ".join(setting.choices)))
    if setting.env:
        lines.append(field("environment", f"${setting.env}"))
    if setting.editable:
        lines += [*heading("enter edits it, ctrl+e opens the file")]
    return lines


def change_line(change: EditPreview) -> str:
    """`pake.yaml:12  cpu_threshold_percent: 80 → 85`: what a line keeps is told once, a comment not."""
    where = change.file.rpartition("/")[2] + (f":{change.line}" if change.line else "")
    before, after = change.before.strip(), change.after.strip()
    if not before:
        return f"{where}  (new) → {after}"
    name, colon, old = before.partition(": ")
    kept, _, new = after.partition(": ")
    if not colon or kept != name or "\n" in after:
        return f"{where}  {before} → {after}"
    comment = " #" + old.partition(" #")[2]
    if "'" not in comment and '"' not in comment:
        old, new = old.removesuffix(comment).strip(), new.removesuffix(comment).strip()
    return f"{where}  {name}: {old} → {new}"
