"""The command line, the palette and copying: every key by its name, from the one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pake_tui.tui.keys import Key
from pake_tui.tui.widgets.prompt import Question

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

SEARCHED_IN_PALETTE = 12


def command_question(app: PakeApp) -> Question:
    """`:`: a name from the key table, or one of the few with an argument of their own."""
    names = [key.id for key in app.top.keys_here()] + ["demo"]

    def complete(text: str, caret: int) -> list[str]:
        word, blank, rest = text.partition(" ")
        if not blank:
            return [name for name in names if name.startswith(word)]
        if word == "theme":
            return [f"theme {name}" for name in app.themes if name.startswith(rest)]
        return []

    return Question(":", lambda text: run_command(app, text), kind="command", complete=complete)


def run_command(app: PakeApp, text: str) -> None:
    """Do what a typed command says; an unknown one is named with what is near."""
    word, _, argument = text.strip().partition(" ")
    argument = argument.strip()
    if not word:
        return
    if argument and run_with_argument(app, word, argument):
        return
    if word == "demo":
        app.say("the demo is a console of its own: leave with q and run pake-tui --demo")
        return
    keys = app.top.keys_here()
    found = [key for key in keys if key.id == word] or [key for key in keys if key.id.startswith(word)]
    if len(found) == 1 or (found and found[0].id == word):
        run_key(app, found[0])
    elif found:
        app.say(f"{word} may be {', '.join(key.id for key in found[:6])}", "warning")
    else:
        near = ", ".join(key.id for key in keys if word[:2] in key.id)
        app.say(f"there is no command {word}" + (f"; near: {near}" if near else "; ? lists them"), "warning")


def run_with_argument(app: PakeApp, word: str, argument: str) -> bool:
    """Commands that take a text; False where the word is none of them."""
    from pake_tui.tui.panels.alerts import AlertsPanel
    from pake_tui.tui.panels.logs import LogPanel

    panel = app.top.focused_panel()
    if word == "go-to-time" and isinstance(panel, LogPanel):
        panel.go_to_time(argument)
    elif word == "logs":
        app.open_logs(argument)
    elif word == "trace":
        app.open_trace(argument.split()[0])
    elif word == "theme":
        app.use_theme(argument)
    elif word == "find" and panel is not None:
        if not panel.find(argument, from_here=True):
            app.say(f"no row holds {argument!r}", "warning")
    else:
        alerts = panel if isinstance(panel, AlertsPanel) else app.top.main_panel()
        return isinstance(alerts, AlertsPanel) and alerts.command(word, argument)
    return True


def run_key(app: PakeApp, key: Key) -> None:
    """Do what a key does, in the focused panel, the main one, the screen or the app, whichever knows it."""
    app.last_key_alone = True
    owner = app.top.owner_of(key)
    if owner is not None:
        app.call_later(getattr(owner, f"action_{key.action}"))


def palette_question(app: PakeApp) -> Question:
    """`ctrl+p`: type any part of what you want; tab chooses."""
    entries = {f"{key.id}: {key.help}": key for key in app.top.keys_here()}

    def complete(text: str, caret: int) -> list[str]:
        words = text.casefold().split()
        hits = [entry for entry in entries if all(word in entry.casefold() for word in words)]
        return sorted(hits, key=lambda entry: distance(entries[entry].id, words))[:SEARCHED_IN_PALETTE]

    def done(text: str) -> None:
        hits = [text] if text in entries else complete(text, 0)
        if hits:
            run_key(app, entries[hits[0]])
        elif text:
            app.say(f"no action is called {text!r}", "warning")

    return Question("action: ", done, kind="palette", complete=complete)


def distance(name: str, words: Sequence[str]) -> int:
    """How far what was typed is from a name: 0 it is that, 1 begins it, 2 is in it, 3 in its help only."""
    text = "-".join(words)
    return 0 if name == text else 1 if name.startswith(text) else 2 if text in name else 3


def copy_question(app: PakeApp) -> Question:
    """`y`, then a letter says what."""

    def changed(text: str) -> None:
        screen = app.top
        values = {
            "i": ("ID", screen.selected_id),
            "l": ("line", screen.selected_line),
            "j": ("JSON", screen.selected_json),
            "c": ("command", screen.equal_command),
        }
        chosen = values.get(text[-1:])
        if chosen is None:
            return
        app.top.close_prompt()
        name, read = chosen
        value = read()
        if value:
            app.say(f"{name} copied ({app.copy_text(value)})", "ok")
        else:
            app.say(f"there is no {name} to copy here", "warning")

    return Question("copy: i ID, l line, j JSON, c the equal command ", lambda text: None, changed=changed)
