"""What this room uses of Textual's private parts, pinned: when Textual moves one, a test says which."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import textual
from textual import _compositor, events
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

import pake_tui.tui.terminal as room
from tests.pty.sample_app import SampleApp

PINNED = "8.2."
MODULES = {"textual._compositor", "textual._styles_cache", "textual._xterm_parser"}
NAMES = {
    "_app": "Driver: the app it drives",
    "_auto_restart": "Driver: whether a suspend is ours to undo",
    "_loop": "Driver: the event loop",
    "_mouse": "Driver: whether the mouse is wanted",
    "_size": "Driver: the size to start with",
    "_driver": "App: the driver, to see which it is",
    "_display": "App: the one method through which all painting goes",
    "_batch_count": "App: painting is put off",
    "_running": "MessagePump: not before, not after",
    "_closed": "MessagePump: not after",
    "_build_driver": "App: whether the mouse is wanted",
    "_handle_exception": "App: where every unhandled exception arrives",
    "_fatal_error": "App: renders a traceback onto the screen",
    "_print_error_renderables": "App: prints it after the end",
    "_exit_renderables": "App: what would be printed",
    "_close_messages_no_wait": "App: ends",
    "_sequence_to_key_events": "XTermParser: which key a sequence is",
    "_update_timer": "Screen: what tells it that a frame is due",
    "_on_timer_update": "Screen: draws it",
    "_context": "MessagePump: in whose name it is drawn",
    "_compositor": "Screen: whether it was laid out",
    "_dirty_widgets": "Screen: what is to be drawn anew",
    "_repaint_required": "Widget: whether it is to be drawn anew",
    "_layout_required": "Widget: whether it is to be laid out anew",
    "_scroll_required": "Widget: whether it was scrolled",
    "_refresh_styles_required": "Widget: whether its styles are to be worked out anew",
}


SUBCLASSES = ("app.py", "driver.py", "keyboard.py", "painter.py", "reader.py", "screen.py")


def private_names_of_textual() -> set[str]:
    """Private members and instance attributes of the classes that the room extends or calls."""
    names: set[str] = set()
    for cls in (*App.__mro__, *Driver.__mro__, *Screen.__mro__, *XTermParser.__mro__):
        if cls.__module__.startswith("textual"):
            names |= set(vars(cls)) | set(re.findall(r"self\.(_[a-z]\w*)\b", inspect.getsource(cls)))
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_the_list_above_is_whole() -> None:
    """Each private name of Textual that the room uses or overrides, even by accident, stands in the list."""
    used: set[str] = set()
    modules: set[str] = set()
    for path in Path(room.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and "._" in node.module:
                modules.add(node.module)
            elif isinstance(node, ast.Attribute) and path.name in SUBCLASSES:
                used.add(node.attr)
            elif isinstance(node, ast.FunctionDef) and path.name in SUBCLASSES:
                used.add(node.name)
    assert used & private_names_of_textual() == set(NAMES)
    assert modules == MODULES


def test_textual_is_the_version_that_was_read() -> None:
    """Textual's painting was read at this version: read it again before moving on."""
    assert textual.__version__.startswith(PINNED), (
        "compare App._display and _compositor.py, then change PINNED"
    )


def parameters(function: object) -> list[str]:
    """The names of a function's parameters."""
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_painting_goes_through_display() -> None:
    """App._display gets every update, from Screen alone, and stops where we stop."""
    assert parameters(App._display) == ["self", "screen", "renderable"]
    source = inspect.getsource(App._display)
    for part in ("self._batch_count", "self._running", "self._closed", "post_display_hook()"):
        assert part in source, f"App._display no longer has {part}"
    assert "app._display(" in inspect.getsource(Screen._compositor_refresh)
    assert inspect.getsource(App).count("self._display(") == 0


def test_the_compositor_hands_over_what_the_differ_reads() -> None:
    """LayoutUpdate and ChopsUpdate have the fields, and crop as stock painting does."""
    assert parameters(_compositor.LayoutUpdate.__init__) == ["self", "strips", "region"]
    assert parameters(_compositor.ChopsUpdate.__init__) == ["self", "chops", "spans", "chop_ends"]
    source = inspect.getsource(_compositor.ChopsUpdate.render_segments)
    assert "if x > x2 or end <= x1:" in source
    assert "strip.crop(0, min(end, x2) - x)" in source
    made = {cls.__name__ for cls in _compositor.CompositorUpdate.__subclasses__()}
    assert made == {"LayoutUpdate", "InlineUpdate", "ChopsUpdate"}


def test_the_rest_is_where_it_was() -> None:
    """Driver, crash handling and the key table have the members that are used."""
    for name in ("_build_driver", "_handle_exception", "_fatal_error", "_print_error_renderables"):
        assert hasattr(App, name), name
    assert hasattr(MessagePump, "_close_messages_no_wait")
    assert "self._fatal_error()" in inspect.getsource(App._handle_exception)
    assert parameters(App._build_driver) == ["self", "headless", "inline", "mouse", "size"]
    for name in ("_app", "_loop", "_auto_restart", "_mouse", "_size"):
        assert f"self.{name} = " in inspect.getsource(Driver.__init__), name
    keys = list(XTermParser()._sequence_to_key_events("\x1b[A"))
    assert [key.key for key in keys] == ["up"]
    keys[0].came_alone = True  # type: ignore[attr-defined]  # events still take marks
    assert isinstance(keys[0], events.Key)


def test_a_screen_asks_no_more_of_its_update_timer_than_ours_does() -> None:
    """Textual resumes and pauses it, and draws on its tick."""
    source = inspect.getsource(Screen)
    assert set(re.findall(r"self\._update_timer\.(\w+)", source)) == {"resume", "pause"}
    assert "self._compositor_refresh()" in inspect.getsource(Screen._on_timer_update)


def test_a_widget_tells_its_screen_no_more_than_ours_does() -> None:
    """From `refresh` to the screen it is what `TerminalWidget.check_idle` and `TerminalScreen.changed` do."""
    source = inspect.getsource(Widget._check_refresh)
    flags = {"_repaint_required", "_layout_required", "_scroll_required", "_refresh_styles_required"}
    assert set(re.findall(r"self\.(_\w+_required)\b", source)) == flags
    assert "if self.display:\n                        screen.post_message(messages.Update(self))" in source
    assert "if self in self._compositor:" in inspect.getsource(Screen._on_update)
    assert "self._dirty_widgets.add(widget)" in inspect.getsource(Screen._on_update)


def test_textual_keeps_lines_of_widgets_by_a_cache_that_can_be_cleared() -> None:
    """The cache that holds on to left screens is there; once it is gone, so may its clearing go."""
    assert StylesCache.get_inner_outer.cache_info().maxsize == 1024


async def test_headless_nothing_of_this_is_done() -> None:
    """Under run_test the app is a plain Textual app, and keys of a pilot are alone."""
    app = SampleApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "m", "ctrl+l", "a")
        assert app.terminal is None
        assert app.round_trip_ms is None
        assert app.notes == ["a", "a"]
        assert app.copy_text("x") == "by the terminal"
        assert not {"ctrl+q", "ctrl+c"} & set(app._bindings.key_to_bindings)
