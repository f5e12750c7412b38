"""The command line, the palette and copying: every key by its name, from the one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pake_tui.tui.keys import KEYS, Key
from pake_tui.tui.widgets.prompt import Question

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

SEARCHED_IN_PALETTE = 12


def reachable(app: PakeApp) -> list[Key]:
    """Keys that act now: of the focused panel, its screen, and everywhere; the most special first."""
    panel = app.top.focused_panel()
    places = [*(panel.places if panel else ()), app.top.place, "everywhere", "list"]
    chosen: dict[str, Key] = {}
    for place in dict.fromkeys(places):
        for key in KEYS:
            if key.where == place:
                chosen.setdefault(key.id, key)
    return list(chosen.values())


def command_question(app: PakeApp) -> Question:
    """`:`: a name from the key table, or one of the few with an argument of their own."""
    names = [key.id for key in reachable(app)] + ["demo", "range"]

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
    keys = reachable(app)
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
    elif word in ("acknowledge-with", "acknowledge", "resolve", "comment") and isinstance(panel, AlertsPanel):
        alert = panel.selected
        if alert is not None and app.may_change():
            act = (
                panel.resolve
                if word == "resolve"
                else panel.add_comment
                if word == "comment"
                else panel.acknowledge
            )
            app.act(lambda: act(alert, argument))
    else:
        return False
    return True


def run_key(app: PakeApp, key: Key) -> None:
    """Do what a key does, in the focused panel, its screen or the app, whichever knows it."""
    app.last_key_alone = True
    for owner in (app.top.focused_panel(), app.top, app):
        action = getattr(owner, f"action_{key.action}", None)
        if action is not None:
            app.call_later(action)
            return


def palette_question(app: PakeApp) -> Question:
    """`ctrl+p`: type any part of what you want; tab chooses."""
    entries = {f"{key.id}: {key.help}": key for key in reachable(app)}

    def complete(text: str, caret: int) -> list[str]:
        words = text.casefold().split()
        hits = [entry for entry in entries if all(word in entry.casefold() for word in words)]
        return hits[:SEARCHED_IN_PALETTE]

    def done(text: str) -> None:
        hits = [text] if text in entries else complete(text, 0)
        if hits:
            run_key(app, entries[hits[0]])
        elif text:
            app.say(f"no action is called {text!r}", "warning")

    return Question("action: ", done, kind="palette", complete=complete)


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
