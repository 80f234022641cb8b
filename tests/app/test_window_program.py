"""The program around the window: its start and end as a process, its settings and its commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from pytestqt.qtbot import QtBot

from warploom.worker.messages import OptimizeOptions
from warploom_app.actions import ActionRegistry, ActionSpec
from warploom_app.appearance import AppearanceMode
from warploom_app.background import Background, sentence
from warploom_app.commands import CommandRunner
from warploom_app.settings import MAX_RECENT, Settings
from warploom_app.theme import DARK, LIGHT, Theme, mixed, readable_on


def test_that_warploom_gui_opens_a_file_and_ends_cleanly_on_ctrl_c(recording_file: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "warploom", "gui", str(recording_file)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not _workers_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = _workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert workers, "the window starts its engine"
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def _workers_of(pid: int) -> list[int]:
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def test_that_settings_survive_and_damage_counts_as_nothing(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    options = OptimizeOptions(device="sim:k80", batch=4, mode="merge", precision="fp16")
    settings.options, settings.appearance = options, AppearanceMode.DARK
    settings.set_bytes("window", QByteArray(b"\x01\x02"))
    settings.sync()
    again = Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    assert again.options == options
    assert again.appearance is AppearanceMode.DARK
    assert again.bytes("window") == QByteArray(b"\x01\x02")
    assert again.bytes("docks") is None
    store.setValue("options", "{damaged")
    store.setValue("appearance", "purple")
    store.setValue("recent", 7)
    assert settings.options == OptimizeOptions()
    assert settings.appearance is AppearanceMode.SYSTEM
    assert settings.recent == ()


def test_that_recent_files_are_few_newest_first_and_still_there(tmp_path: Path, settings: Settings) -> None:
    files = [tmp_path / f"{i}.onnx" for i in range(MAX_RECENT + 2)]
    for path in files:
        path.touch()
        settings.add_recent(path)
    settings.add_recent(files[5])
    files[-1].unlink()
    recent = settings.recent
    assert recent[0] == files[5]
    assert len(recent) == MAX_RECENT - 1
    assert files[-1] not in recent
    assert files[0] not in recent


@pytest.mark.usefixtures("qapp")
def test_that_actions_have_unique_ids_and_shortcuts() -> None:
    registry = ActionRegistry()
    registry.add(ActionSpec("file.open", "&Open", "Ctrl+O"), lambda: None)
    with pytest.raises(ValueError, match=r"already"):
        registry.add(ActionSpec("file.open", "Open again"), lambda: None)
    with pytest.raises(ValueError, match=r"share the shortcut"):
        registry.add(ActionSpec("file.other", "Other", "Ctrl+O"), lambda: None)
    assert registry.find("nothing") is None


def test_that_work_in_the_background_answers_on_the_callers_thread_or_not_at_all(qtbot: QtBot) -> None:
    background, seen = Background(), []
    background.run(lambda: 6 * 7, seen.append, seen.append)
    qtbot.waitUntil(lambda: seen == [42], timeout=5000)
    background.run(lambda: 1 / 0, seen.append, lambda error: seen.append(sentence(error)))
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=5000)
    assert "ZeroDivisionError" in str(seen[1])
    background.run(lambda: time.sleep(0.1), seen.append, seen.append)
    background.close()
    qtbot.wait(50)
    assert len(seen) == 2


def test_that_a_command_that_cannot_start_or_fails_says_so(qtbot: QtBot) -> None:
    said: list[str] = []
    missing = CommandRunner(prefix=["/nonexistent/warploom"])
    missing.run(["export"], lambda: said.append("done"), lambda text, _: said.append(text))
    qtbot.waitUntil(lambda: len(said) == 1, timeout=5000)
    assert "did not start" in said[0]
    real = CommandRunner()
    real.run(["show", "/nonexistent.warploom"], lambda: said.append("done"), lambda text, _: said.append(text))
    qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
    assert "/nonexistent.warploom" in said[1]
    real.run(["--version"], lambda: said.append("done"), lambda text, _: said.append(text))
    qtbot.waitUntil(lambda: len(said) == 3, timeout=10_000)
    assert said[2] == "done"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_that_text_is_readable_on_every_ground(theme: Theme) -> None:
    """WCAG AA: 4.5 for text, 3 for large text and coloured areas beside the ground."""
    for ground in (theme.surface, theme.background, theme.raised, theme.selection):
        assert contrast(theme.text, ground) >= 7
    for ground in (theme.surface, theme.background, theme.raised):
        assert contrast(theme.muted, ground) >= 4.5
    for colour in (theme.accent, theme.good, theme.error):
        assert contrast(colour, theme.surface) >= 4.5
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert contrast(theme.warning, theme.warning_surface) >= 4.5
    assert contrast(theme.text, theme.error_surface) >= 7
    for colour in theme.streams:
        assert contrast(readable_on(colour), colour) >= 3
        assert colour not in (theme.background, theme.surface)


def contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_that_the_scale_runs_from_end_to_end() -> None:
    assert LIGHT.ramp_colour(-1) == LIGHT.ramp[0]
    assert LIGHT.ramp_colour(2) == LIGHT.ramp[-1]
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    values = [_luminance(LIGHT.ramp_colour(i / 20)) for i in range(21)]
    assert values == sorted(values)
