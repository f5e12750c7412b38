"""`s`: ask for a format, then write what is shown to a file in the working folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING

from pake_tui.records.saving import SUFFIXES, Origin
from pake_tui.tui.widgets.prompt import Question
from pake_tui.tui.workspace import save_export

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

FORMS = {"j": "json", "t": "text", "c": "csv", "m": "markdown"}
WORDS = {"json": "JSON lines", "text": "text", "csv": "CSV", "markdown": "Markdown"}


def ask_save(
    app: PakeApp,
    name: str,
    query: str,
    lines: Callable[[str, Origin, tzinfo], Iterable[str]],
    notes: tuple[str, ...] = (),
    *,
    aside: bool = False,
) -> None:
    """Ask for the format, one key, and save `lines(form, origin, zone)` as `pake-NAME-…`; says where.

    `aside`: it may take a while, and nothing else waits for it.
    """
    snapshot = app.snapshot.files
    named = ", ".join(snapshot.named)
    source = f"{named or f'{len(snapshot.files)} files ({snapshot.origin})'} on {app.sources.host}"

    def chosen(text: str) -> None:
        form = FORMS.get(text[-1:].lower())
        if form is None:
            return
        app.top.close_prompt()
        origin = Origin(query, source, app.now(), notes)
        zone = app.zone
        left = f"; {notes[-1]}" if notes else ""
        if aside:
            app.say("saving; where is said when it is done")
        app.act(
            lambda: f"saved to {save_export(name, SUFFIXES[form], lines(form, origin, zone))}{left}",
            aside=aside,
        )

    label = "save as: " + "  ".join(f"{key} {WORDS[form]}" for key, form in FORMS.items()) + "  "
    app.ask(Question(label, lambda text: None, changed=chosen))
