"""A framed list with a cursor, drawn row by row: the base of every panel."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar, Self, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from pake_tui.text.safe import SafeText
from pake_tui.tui.drawing import Line, crop, strip_of, t, width_of
from pake_tui.tui.keys import binding_id, keys_of
from pake_tui.tui.widgets.prompt import Question
from pake_tui.tui.widgets.steady import Steady

if TYPE_CHECKING:
    from pake_tui.tui.screens.base import ConsoleScreen


def bindings_for(*places: str) -> list[BindingType]:
    """Textual bindings made from the key table."""
    return [
        Binding(",".join(key.keys), key.action, key.label, show=False, id=binding_id(key))
        for key in keys_of(*places)
    ]


def bindings_of_main(place: str) -> list[BindingType]:
    """A screen's bindings to what its main panel does, whichever of its panels has the focus."""
    return [
        Binding(",".join(key.keys), f"main('{key.action}')", key.label, show=False, id=binding_id(key))
        for key in keys_of(place)
    ]


class Panel(Steady, can_focus=True):
    """Draws `row_count` rows through `draw_row`.

    The cursor stays on the same row (by `row_key`) as data changes. A panel one line high draws its
    `summary` instead of a frame.
    """

    DEFAULT_CSS = "Panel { width: 1fr; height: 1fr; min-height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("list")
    places: ClassVar[tuple[str, ...]] = ("list",)
    """Where in the key table this panel's keys stand, most special first."""
    framed = True
    name_of_row: ClassVar[str] = "row"
    opens = True
    """Whether `enter` on a row opens something."""

    class Opened(Message):
        """`enter` on a row."""

        def __init__(self, panel: Panel) -> None:
            self.panel = panel
            super().__init__()

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, panel: Panel) -> None:
            self.panel = panel
            super().__init__()

    def __init__(self, title: str, *, id: str | None = None) -> None:
        self._drawn: dict[int, tuple[Line, str]] = {}
        """The lines on the screen, as `line_at` gave them."""
        super().__init__(id=id)
        self.title = title
        self.cursor = 0
        self.offset_row = 0
        self.needle = ""
        self.touched = False
        """Whether somebody moved the cursor."""

    # What a panel overrides.

    def row_count(self) -> int:
        """How many rows there are."""
        return 0

    def row_key(self, index: int) -> Hashable:
        """What identifies a row while data changes around it."""
        return index

    def draw_row(self, index: int, width: int) -> Line:
        """One row's spans; cropped to `width` by the caller."""
        raise NotImplementedError

    def row_text(self, index: int) -> str:
        """What `/` searches in a row."""
        return "".join(text for text, _ in self.draw_row(index, 400))

    def title_left(self) -> Line:
        """What stands at the left of the frame's top edge."""
        return [(t(self.title), "title")]

    def title_right(self) -> Line:
        """What stands at the right of the frame's top edge."""
        return []

    def summary(self) -> Line:
        """The panel in one line, where there is no room for more."""
        return [(t(f"{self.title} "), "title"), *self.title_right()]

    def empty_lines(self) -> list[Line]:
        """What an empty panel says would fill it."""
        return []

    # Geometry.

    @property
    def inner_height(self) -> int:
        """Rows that fit inside the frame."""
        # A panel has no border or padding of Textual's, and `size`, which allows for them, is slow.
        height = self.outer_size.height
        return max(0, height - (2 if self.framed and height > 2 else 0))

    def keep(self, key: Hashable | None) -> None:
        """Put the cursor back on the row of that key after the data changed, and draw what changed."""
        count = self.row_count()
        if not self.touched and not self.has_focus:
            self.cursor = 0  # nobody chose a row: what is most urgent stays in view
        elif key is not None:
            for index in range(count):
                if self.row_key(index) == key:
                    self.cursor = index
                    break
        self.cursor = max(0, min(self.cursor, count - 1))
        self.reveal()
        self.redraw()

    def current_key(self) -> Hashable | None:
        """The key of the cursor's row; None without rows."""
        return self.row_key(self.cursor) if self.cursor < self.row_count() else None

    def reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        height = max(1, self.inner_height)
        if self.cursor < self.offset_row:
            self.offset_row = self.cursor
        elif self.cursor >= self.offset_row + height:
            self.offset_row = self.cursor - height + 1
        self.offset_row = max(0, min(self.offset_row, self.row_count() - height))

    def on_resize(self) -> None:
        """Keep the cursor in view when the size changes."""
        self.reveal()
        self.refresh()

    # Drawing.

    def refresh(self, *regions: Region, **how: bool) -> Self:
        """Draw everything anew, or as Textual's own where only regions are named."""
        if not regions:
            self._drawn.clear()
        return super().refresh(*regions, **how)

    def redraw(self) -> None:
        """Draw the lines anew that newer data changed, and no others; one that only moved keeps its strip."""
        before, width = self._drawn, self.outer_size.width
        self._drawn = {y: self.line_at(y) for y in before}
        changed = [y for y, drawn in self._drawn.items() if drawn != before[y]]
        if not changed:
            return
        lines = self._lines or {}
        strips = {(id(line), under): lines[y] for y, (line, under) in before.items() if y in lines}
        self.refresh(*(Region(0, y, width, 1) for y in changed))
        for y in changed:
            line, under = self._drawn[y]
            if strip := strips.get((id(line), under)):
                lines[y] = strip

    def render_line(self, y: int) -> Strip:
        """One line of the panel: its frame, a row, or its summary."""
        drawn = self._drawn.get(y)
        if drawn is None:
            drawn = self._drawn[y] = self.line_at(y)
        line, under = drawn
        height, app = self.outer_size.height, self.console_app
        inside = self.framed and height > 2 and 0 < y < height - 1
        return strip_of(line, app.palette, under=under, side=app.glyphs.down if inside else "")

    def line_at(self, y: int) -> tuple[Line, str]:
        """What stands in a line of the panel, without the frame's sides, and the role under it."""
        width, height = self.outer_size
        glyphs = self.console_app.glyphs
        if not self.framed:
            line, under = self.draw_inner(y, width)
            return crop(line, width, glyphs), under
        if height <= 2:
            return crop(self.summary() if y == 0 else [], width, glyphs), ""
        if y == 0:
            return self.top_edge(width), ""
        if y == height - 1:
            ends = SafeText(glyphs.bottom_left), SafeText(glyphs.bottom_right)
            return [(ends[0], "border"), *self.bottom_edge(width - 2), (ends[1], "border")], ""
        line, under = self.draw_inner(y - 1, width - 2)
        return crop(line, width - 2, glyphs), under

    def draw_inner(self, y: int, width: int) -> tuple[Line, str]:
        """The line at `y` inside the frame, and the role under it."""
        index = self.offset_row + y
        count = self.row_count()
        if index < count:
            under = "cursor" if index == self.cursor and self.shows_cursor() else ""
            return self.draw_row(index, width), under
        if not count:
            lines = self.empty_lines()
            return (lines[y] if y < len(lines) else []), ""
        return [], ""

    def shows_cursor(self) -> bool:
        """Whether the cursor's row is drawn as such: with the focus, also while an open prompt has it."""
        return cast("ConsoleScreen", self.screen).focused_panel() is self

    def top_edge(self, width: int) -> Line:
        """`╭─ Title ───── right ─╮` in exactly `width` cells; its left end shows the focus: the whole frame
        would cost four times the bytes.
        """
        glyphs = self.console_app.glyphs
        corner, left = glyphs.top_left + glyphs.across, self.title_left()
        if self.has_focus:
            corner = glyphs.focus_left + glyphs.bar
            left = [(text, "focus" if role == "title" else role) for text, role in left]
        edge = "focus" if self.has_focus else "border"
        left = [(SafeText(corner + " "), edge), *left, (t(" "), "border")]
        right: Line = self.title_right()
        if right:
            right = [(t(" "), "border"), *right, (t(" "), "border")]
        room = width - width_of(left) - 2
        if width_of(right) > room:
            right = crop(right, max(0, room), glyphs)
        fill = max(0, width - width_of(left) - width_of(right) - 2)
        return [
            *left,
            (SafeText(glyphs.across * fill), "border"),
            *right,
            (SafeText(glyphs.across + glyphs.top_right), "border"),
        ]

    def bottom_edge(self, width: int) -> Line:
        """The frame's lower edge between its corners, in exactly `width` cells."""
        return [(SafeText(self.console_app.glyphs.across * width), "border")]

    # Moving.

    def move_to(self, index: int) -> None:
        """Put the cursor on a row and show it; a key at the end does nothing."""
        count = self.row_count()
        index = max(0, min(index, count - 1))
        self.touched = True
        if index == self.cursor:
            return
        self.cursor = index
        self.reveal()
        self.redraw()
        self.tell_moved()

    def tell_moved(self) -> None:
        """Tell the screen, where it wants to know, that another row is under the cursor."""
        if hasattr(self.screen, "on_panel_moved"):
            self.post_message(self.Moved(self))

    def action_cursor_down(self) -> None:
        """One row down."""
        self.move_to(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """One row up."""
        self.move_to(self.cursor - 1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self.move_to(self.cursor + max(1, self.inner_height // 2))

    def action_half_up(self) -> None:
        """Half a page up."""
        self.move_to(self.cursor - max(1, self.inner_height // 2))

    def action_page_down(self) -> None:
        """A page down."""
        self.move_to(self.cursor + max(1, self.inner_height - 1))

    def action_page_up(self) -> None:
        """A page up."""
        self.move_to(self.cursor - max(1, self.inner_height - 1))

    def action_top(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """To the last row."""
        self.move_to(self.row_count() - 1)

    def action_open(self) -> None:
        """Open the cursor's row."""
        if self.opens and self.row_count():
            self.post_message(self.Opened(self))

    # Finding.

    def ask_find(self) -> None:
        """Ask for text and move to the next row that holds it."""

        def done(text: str) -> None:
            if text and not self.find(text, from_here=True):
                self.console_app.say(f"no row holds {text!r}", "warning")

        self.console_app.ask(Question("/", done, kind="find"))

    def next_hit(self, step: int) -> None:
        """Move to the next or previous row that holds what was looked for."""
        if not self.needle:
            self.console_app.say("nothing was looked for yet; / finds", "dim")
        elif not self.find(self.needle, step):
            self.console_app.say(f"no row holds {self.needle!r}", "warning")

    def stop_search(self) -> bool:
        """Stop a search that runs; False where none does."""
        return False

    def find(self, needle: str, step: int = 1, *, from_here: bool = False) -> bool:
        """Move to the next row that holds the text, whatever its case, around the end; False without one."""
        self.needle = needle
        count = self.row_count()
        if not count:
            return False
        wanted = needle.casefold()
        for distance in range(0 if from_here else 1, count + 1):
            index = (self.cursor + step * distance) % count
            if wanted in self.row_text(index).casefold():
                self.move_to(index)
                return True
        return False

    def watch_has_focus(self, focused: bool) -> None:
        """Draw what shows the focus anew, and the footer's keys."""
        if self.screen.has_class("-stacked"):  # only there a rule of the style sheets asks for the focus
            super().watch_has_focus(focused)
        self.redraw()
        if focused and self.is_mounted:
            self.console_app.focus_moved()

    def on_focus(self, event: events.Focus) -> None:
        """The screen has told already; Textual's would draw the whole panel, and tell all that hold it."""
        event.prevent_default()

    def on_blur(self, event: events.Blur) -> None:
        """As `on_focus`."""
        event.prevent_default()

    def does(self, action: str) -> bool:
        """Whether an action of the key table means something here."""
        return hasattr(self, f"action_{action}") and (self.opens or action not in ("open", "history"))
