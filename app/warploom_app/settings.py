"""Settings: what the window remembers between runs (geometry, docks, recent files, appearance, the last options)."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QByteArray, QSettings

from warploom.worker.messages import OptimizeOptions
from warploom_app.appearance import AppearanceMode

MAX_RECENT = 8
_LAYOUT_VERSION = 1


class Settings:
    """A typed face of QSettings; anything unreadable counts as not there."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings("warploom", "warploom")

    @property
    def recent(self) -> tuple[Path, ...]:
        """The files opened last that still exist, newest first."""
        return tuple(path for text in self._texts("recent") if (path := Path(text)).is_file())

    def add_recent(self, path: Path) -> None:
        """Puts a file at the head of the list."""
        rest = [text for text in self._texts("recent") if text != str(path)]
        self._store.setValue("recent", [str(path), *rest][:MAX_RECENT])

    def clear_recent(self) -> None:
        """Forgets all recent files."""
        self._store.remove("recent")

    @property
    def appearance(self) -> AppearanceMode:
        """Light, dark, or as the system."""
        try:
            return AppearanceMode(str(self._store.value("appearance", AppearanceMode.SYSTEM.value)))
        except ValueError:
            return AppearanceMode.SYSTEM

    @appearance.setter
    def appearance(self, mode: AppearanceMode) -> None:
        self._store.setValue("appearance", mode.value)

    @property
    def options(self) -> OptimizeOptions:
        """The settings of the last run."""
        try:
            return msgspec.json.decode(str(self._store.value("options", "{}")), type=OptimizeOptions)
        except msgspec.MsgspecError:
            return OptimizeOptions()

    @options.setter
    def options(self, options: OptimizeOptions) -> None:
        self._store.setValue("options", msgspec.json.encode(options).decode())

    def bytes(self, name: str) -> QByteArray | None:
        """A saved geometry or dock layout of this version of the window."""
        value = self._store.value(f"layout{_LAYOUT_VERSION}/{name}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_bytes(self, name: str, value: QByteArray) -> None:
        """Saves a geometry or dock layout."""
        self._store.setValue(f"layout{_LAYOUT_VERSION}/{name}", value)

    def folder(self, name: str) -> str:
        """The folder that a kind of dialog was used in last."""
        return str(self._store.value(f"folder/{name}", ""))

    def set_folder(self, name: str, folder: Path) -> None:
        """Remembers it."""
        self._store.setValue(f"folder/{name}", str(folder))

    def sync(self) -> None:
        """Writes everything out."""
        self._store.sync()

    def _texts(self, name: str) -> list[str]:
        value = self._store.value(name, [])
        return [value] if isinstance(value, str) else [str(item) for item in value] if isinstance(value, list) else []
