"""The precision of the next run in the window: what can be chosen, and what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from warploom.graph.precision_plan import CHOICES
from warploom.worker.settings import check_settings
from warploom_app.main import WindowProgram
from warploom_app.presenters.run_options import precision_title

MakeProgram = Callable[..., WindowProgram]


def choose(program: WindowProgram, name: str) -> None:
    combo = next(box for box in program.window.run_bar.findChildren(QComboBox) if box.findData("int8") >= 0)
    combo.setCurrentIndex(combo.findData(name))
    combo.activated.emit(combo.currentIndex())


def test_that_every_precision_can_be_chosen_and_is_explained(make_program: MakeProgram) -> None:
    program = make_program(start=False)
    for name in CHOICES:
        choose(program, name)
        assert program.state.options.precision == name
        check_settings(program.state.options)
        assert precision_title(name) != name


def test_that_settings_that_do_not_go_with_a_precision_are_dropped(make_program: MakeProgram, tmp_path: Path) -> None:
    program = make_program(start=False)
    panel = program.window.run_bar.settings
    assert not panel.budget.isEnabled()
    assert not panel.calibration.isEnabled()
    choose(program, "auto")
    panel.budget.setValue(1.5)
    panel.calibration.changed.emit(str(tmp_path))
    assert program.state.options.error_budget == pytest.approx(0.015)
    assert program.state.options.calibrate == str(tmp_path)
    choose(program, "int8")
    assert program.state.options.error_budget is None
    assert program.state.options.calibrate == str(tmp_path)
    assert panel.calibration.choose.text() == tmp_path.name
    check_settings(program.state.options)
    choose(program, "fp16")
    assert program.state.options.calibrate is None
    assert not panel.calibration.isEnabled()
    check_settings(program.state.options)


def test_that_a_calibration_folder_is_chosen_in_a_dialog_and_forgotten(
    qtbot: QtBot, make_program: MakeProgram, tmp_path: Path
) -> None:
    program = make_program(start=False)
    choose(program, "int8")
    program.window.show_run_settings()
    row = program.window.run_bar.settings.calibration
    row.choose.click()
    dialog = program.window.findChild(QFileDialog) or row.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.fileSelected.emit(str(tmp_path))
    assert program.state.options.calibrate == str(tmp_path)
    assert row.choose.toolTip() == str(tmp_path)
    dialog.close()
    row.forget.click()
    assert program.state.options.calibrate is None
    assert not row.forget.isVisible()
    qtbot.wait(1)
