"""Settings: what the window remembers between runs (geometry, docks, recent files, appearance, the last options)."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QByteArray, QSettings

from warploom.worker.messages import OptimizeOptions
from warploom.worker.remote import RemoteHost
from warploom_app.appearance import AppearanceMode

MAX_RECENT = 12
_LAYOUT_VERSION = 1


class Preferences(msgspec.Struct, frozen=True):
    """What the settings dialog shows.

    Attributes:
        language: Code of the window's language; "" as the system.
        notify: Whether long work that ends is told of while the window is in the background.
        notify_after_s: What counts as long.
        reopen: Whether what was open is opened again after a crash of the window.
        keep_recordings: How many recordings made here are kept.
        keep_gigabytes: How much they may take together.
        recordings: Where they are; "" for the usual folder.
        hosts: Machines with GPUs.
    """

    language: str = ""
    notify: bool = True
    notify_after_s: int = 10
    reopen: bool = True
    keep_recordings: int = 200
    keep_gigabytes: float = 4.0
    recordings: str = ""
    hosts: tuple[RemoteHost, ...] = ()


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

    @property
    def preferences(self) -> Preferences:
        """What the settings dialog shows."""
        try:
            return msgspec.json.decode(str(self._store.value("preferences", "{}")), type=Preferences)
        except msgspec.MsgspecError:
            return Preferences()

    @preferences.setter
    def preferences(self, preferences: Preferences) -> None:
        self._store.setValue("preferences", msgspec.json.encode(preferences).decode())

    @property
    def recordings_folder(self) -> Path | None:
        """Where recordings are kept; None for the usual folder."""
        text = self.preferences.recordings
        return Path(text) if text else None

    @property
    def host(self) -> str:
        """Where the last run took place."""
        return str(self._store.value("host", ""))

    @host.setter
    def host(self, host: str) -> None:
        self._store.setValue("host", host)

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
