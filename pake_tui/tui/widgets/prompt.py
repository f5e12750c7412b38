"""The one place where text is typed: a line at the bottom of the screen, with history and completion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, crop, strip_of, t

if TYPE_CHECKING:
    from pake_tui.tui.app import PakeApp

HISTORY = 100


class Question(Struct, frozen=True):
    """What a prompt asks: a label, the text to start with, what happens with the answer.

    `done` gets the text on enter, `default` where nothing was typed; `check` returns why it is not acceptable
    yet, and at which character (shown while typing); `complete` gives whole texts to choose from; `changed`
    sees every edit.
    """

    label: str
    done: Callable[[str], None]
    text: str = ""
    kind: str = ""
    default: str = ""
    check: Callable[[str], tuple[str, int | None]] | None = None
    complete: Callable[[str, int], Sequence[str]] | None = None
    changed: Callable[[str], None] | None = None
    cancelled: Callable[[], None] | None = None


class Prompt(Widget, can_focus=True):
    """Two lines: the line being typed, and its completions or what is wrong with it."""

    DEFAULT_CSS = "Prompt { height: 2; width: 1fr; display: none; } Prompt.-open { display: block; }"

    class Closed(Message):
        """The prompt was answered or left."""

    def __init__(self) -> None:
        super().__init__()
        self.question: Question | None = None
        self.text = ""
        self.caret = 0
        self.wrong: tuple[str, int | None] = ("", None)
        self.hint = ""
        self.choices: tuple[str, ...] = ()
        self.chosen = -1
        self._back = 0

    @property
    def console_app(self) -> PakeApp:
        """The app, with its own type."""
        return cast("PakeApp", self.app)

    def ask(self, question: Question) -> None:
        """Open with a question and take the focus."""
        self.question = question
        self.text, self.caret, self._back = question.text, len(question.text), 0
        self.add_class("-open")
        self.focus(scroll_visible=False)
        self._edited(tell=False)

    def close(self) -> None:
        """Leave without an answer."""
        self.question = None
        self.remove_class("-open")
        self.post_message(self.Closed())

    def tell(self, about: str, hint: str, problem: str = "") -> None:
        """What came, later, of judging a text; ignored when another one stands there by now."""
        if self.question is not None and about == self.text:
            self.hint, self.wrong = hint, (problem, None)
            self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Printable keys are text here, never somebody else's binding."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Edit the line; enter, esc and tab end, leave and complete."""
        if self.question is None:
            return
        edit = self._edits().get(event.key)
        if edit is None and not (event.character and event.is_printable):
            return
        event.stop()
        event.prevent_default()
        if edit is not None:
            edit()
        elif event.character:
            self._insert(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is text; its line breaks become blanks."""
        event.stop()
        self._insert(" ".join(event.text.split("\n")).strip("\r"))

    def _edits(self) -> dict[str, Callable[[], None]]:
        return {
            "enter": self._enter,
            "escape": self._cancel,
            "ctrl+c": self._cancel,
            "tab": lambda: self._choose(1),
            "shift+tab": lambda: self._choose(-1),
            "backspace": lambda: self._cut(self.caret - 1, self.caret),
            "delete": lambda: self._cut(self.caret, self.caret + 1),
            "ctrl+w": lambda: self._cut(self._word_start(), self.caret),
            "ctrl+u": lambda: self._cut(0, self.caret),
            "ctrl+k": lambda: self._cut(self.caret, len(self.text)),
            "left": lambda: self._go(self.caret - 1),
            "right": lambda: self._go(self.caret + 1),
            "home": lambda: self._go(0),
            "end": lambda: self._go(len(self.text)),
            "up": lambda: self._recall(1),
            "down": lambda: self._recall(-1),
        }

    def _enter(self) -> None:
        question = self.question
        if question is None:
            return
        text = self.text or question.default
        if self.wrong[0]:
            self.refresh()
            return
        past = self.console_app.typed_before.setdefault(question.kind, [])
        if text and (not past or past[-1] != text):
            past.append(text)
            del past[:-HISTORY]
        self.close()
        question.done(text)

    def _cancel(self) -> None:
        question = self.question
        self.close()
        if question is not None and question.cancelled is not None:
            question.cancelled()

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)
        self._edited()

    def _cut(self, start: int, end: int) -> None:
        start = max(0, start)
        self.text = self.text[:start] + self.text[end:]
        self.caret = start
        self._edited()

    def _go(self, caret: int) -> None:
        self.caret = max(0, min(caret, len(self.text)))
        self.refresh()

    def _word_start(self) -> int:
        return len(self.text[: self.caret].rstrip().rpartition(" ")[0])

    def _recall(self, step: int) -> None:
        past = self.console_app.typed_before.get(self.question.kind if self.question else "", [])
        if not past:
            return
        self._back = max(0, min(len(past), self._back + step))
        self.text = past[-self._back] if self._back else ""
        self.caret = len(self.text)
        self._edited()

    def _choose(self, step: int) -> None:
        if not self.choices:
            return
        self.chosen = (self.chosen + step) % len(self.choices)
        self.text = self.choices[self.chosen]
        self.caret = len(self.text)
        self._check()
        self.refresh()
        if self.question and self.question.changed:
            self.question.changed(self.text)

    def _edited(self, *, tell: bool = True) -> None:
        self._check()
        question = self.question
        self.chosen = -1
        self.choices = (
            tuple(question.complete(self.text, self.caret)) if question and question.complete else ()
        )
        if tell and question and question.changed:
            question.changed(self.text)
        self.refresh()

    def _check(self) -> None:
        self.hint = ""
        check = self.question.check if self.question else None
        default = self.question.default if self.question else ""
        self.wrong = check(self.text or default) if check else ("", None)

    def render_line(self, y: int) -> Strip:
        """The typed line with its caret, then completions or what is wrong."""
        width = self.size.width
        app = self.console_app
        line = self._typed(width) if y == 0 else self._below()
        return strip_of(crop(line, width, app.glyphs), app.palette)

    def _typed(self, width: int) -> Line:
        label = self.question.label if self.question else ""
        room = max(8, width - cell_len(label) - 2)
        start = max(0, self.caret - room + 1)
        text = self.text[start : start + room]
        caret = self.caret - start
        wrong = self.wrong[1]
        line: Line = [(t(label), "key")]
        for index, character in enumerate(text + " "):
            bad = wrong is not None and index + start == wrong and self.wrong[0]
            role = "header" if index == caret else "critical" if bad else "title"
            line.append((t(character), role))
        if not self.text and self.question and self.question.default:
            line.append((t(f"{self.question.default} (enter takes it)"), "dim"))
        return line

    def _below(self) -> Line:
        if self.wrong[0]:
            return [(t(f"  {self.wrong[0]}"), "warning")]
        line: Line = [(t(f"  {self.hint}"), "accent")] if self.hint else []
        line.append((SafeText("  "), "dim"))
        for index, choice in enumerate(self.choices[:12]):
            line += [(t(choice), "key" if index == self.chosen else "dim"), (SafeText("  "), "dim")]
        return line
