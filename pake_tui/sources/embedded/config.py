"""The configuration over the engine's live settings."""

from __future__ import annotations

from msgspec.structs import replace

from pake_tui.engine.settings.live import LiveSettings
from pake_tui.errors import ReadOnlyError
from pake_tui.model.setting import ConfigView, EditPreview


class EmbeddedConfigStore:
    """A ConfigStore. `read_only` says why nothing can be edited; empty where it can."""

    def __init__(self, live: LiveSettings, actor: str, read_only: str = "") -> None:
        self._live = live
        self._actor = actor
        self._read_only = read_only
        self._shown: tuple[ConfigView, ConfigView] | None = None

    def view(self) -> ConfigView:
        """Every setting as it is in force now; the same object until something changes."""
        self._live.poll()
        found = self._live.view()
        if self._shown is None or self._shown[0] is not found:
            self._shown = found, self._marked(found)
        return self._shown[1]

    def preview(self, path: str, text: str) -> EditPreview:
        """What setting `path` to `text` would change, or why it is refused."""
        if self._read_only:
            return EditPreview(path, str(self._live.place), None, "", "", self._read_only)
        return self._live.preview(path, text)

    def apply(self, path: str, text: str) -> EditPreview:
        """Write it into the file, comments and order kept. ConfigError, ReadOnlyError."""
        if self._read_only:
            raise ReadOnlyError(f"{path} was not changed for {self._actor}: {self._read_only}")
        return self._live.apply(path, text)

    def validate(self, text: str) -> ConfigView:
        """Judge a whole file's text without applying it."""
        return self._marked(self._live.judge(text))

    def _marked(self, view: ConfigView) -> ConfigView:
        return replace(view, read_only=self._read_only) if self._read_only else view
