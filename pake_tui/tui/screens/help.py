"""`?`: this screen's keys, and the filter language by example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from pake_tui.tui.drawing import Line, t
from pake_tui.tui.keys import Key
from pake_tui.tui.panels.lines import LinesPanel, heading
from pake_tui.tui.screens.base import ConsoleScreen

EXAMPLES = (
    ("level>=warning", "warnings and worse"),
    ("service:payment timeout", "both: terms are AND"),
    ("cid:req-7f3a", "one correlation ID, whatever its field is called"),
    ('status>=500 OR "connection refused"', "a number, or a phrase; OR and ( ) as expected"),
    ("-service:auth", "everything but auth"),
    ("user:ada*  error.type:?", "a beginning; a field that exists"),
    ("path~^/api/v[12]/  ~time.?out", "regular expressions, on a field and on the whole line"),
    ("since:15m until:5m  at:14:03", "spans and moments in the zone shown"),
)


class HelpScreen(ConsoleScreen):
    """All keys that act where it was opened; `esc` goes back."""

    place: ClassVar = "help"

    def __init__(self, place: str, keys: Sequence[Key]) -> None:
        super().__init__()
        self.about = place
        self.keys = keys

    def compose_body(self) -> Iterable[Widget]:
        """The lines."""
        yield LinesPanel(f"Help: {self.about}", id="help")

    def on_mount(self) -> None:
        """Write them."""
        super().on_mount()
        lines: list[Line] = []
        places = dict.fromkeys(key.where for key in self.keys)
        for place in sorted(places, key=lambda place: (place == "everywhere", place == "list")):
            lines += heading(place)
            lines += [key_line(key) for key in self.keys if key.where == place]
        lines += heading("filter language (in the logs, on `pake-tui logs`, in :logs)")
        lines += [[(t(f"   {example:<40}"), "key"), (t(meaning), "text")] for example, meaning in EXAMPLES]
        self.query_one(LinesPanel).set_lines(lines[1:])


def key_line(key: Key) -> Line:
    """One key and what it does."""
    command = f":{key.id} {key.takes}".rstrip()
    return [(t(f"   {key.shown:<14}"), "key"), (t(f"{key.help}  "), "text"), (t(command), "dim")]
