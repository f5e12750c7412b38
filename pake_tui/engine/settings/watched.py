"""One file that is looked at again and again: what is new in it, once its writer is done."""

from __future__ import annotations

from pathlib import Path

from pake_tui.clock import now_ns
from pake_tui.engine.settings import files
from pake_tui.engine.settings.files import Sight
from pake_tui.model.setting import Problem
from pake_tui.paths import default_config, holds


class WatchedFile:
    """A configuration file, or the place where the first one would be made (`path` None until it is)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.unsettled = False
        """Another look is due soon: the file is missing, empty or written to just now."""
        self._sight: Sight | None = None
        self._data: bytes | Problem = b""

    @property
    def place(self) -> Path:
        """The file, or where it would be."""
        return self.path or default_config()

    def news(self, *, at_once: bool = False) -> bytes | Problem | None:
        """The file's bytes or what is wrong with it, if that is news; None if it is not.

        A file that is gone or empty is believed at the second look, since an editor may be saving it;
        `at_once` believes at the first look and says the bytes even if they are the same.
        """
        if self.path is None:
            if not holds(default_config().is_file):
                return None
            self.path = default_config()
        sight = files.look(self.path)
        if sight == self._sight and not self.unsettled and not at_once:
            return None
        blank = sight is None or sight.size == 0
        again = self.unsettled and sight == self._sight
        self._sight = sight
        young = sight is not None and sight.young(now_ns())
        self.unsettled = young or (blank and not again and not at_once)
        if blank and self.unsettled and not at_once:
            return None
        data = files.read(self.path)
        if data == self._data and not at_once:
            return None
        self._data = data
        return data
