"""RunSettings: everything else that can be set for the next run, in a panel under the run bar."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from warploom.graph.precision_plan import AUTO, ERROR_BUDGET
from warploom.schedule.modes import MODES
from warploom.worker.messages import OptimizeOptions
from warploom_app.presenters.run_options import can_calibrate, relevance
from warploom_app.state import AppState
from warploom_app.theme import GRID
from warploom_app.views.calibration_row import CalibrationRow
from warploom_app.views.widgets import add_setting, heading, muted, settings_form

_NO_LIMIT = 0.0


class RunSettings(QFrame):
    """Writes AppState's options; what a mode does not use cannot be changed.

    Signals:
        closed: The panel went away.
    """

    closed = Signal()

    def __init__(self, state: AppState, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._state = state
        self._updating = False
        self.setObjectName("runSettings")
        self.setAccessibleName(self.tr("Settings of the next run"))
        self._build()
        state.options_changed.connect(self._show)
        self._show()

    def _build(self) -> None:
        self.group_operators = self._spin(1, 16)
        self.stage_groups = self._spin(1, 64)
        self.seconds = QDoubleSpinBox()
        self.seconds.setRange(_NO_LIMIT, 86_400)
        self.seconds.setDecimals(1)
        self.seconds.setSingleStep(10)
        self.seconds.setSpecialValueText(self.tr("no limit"))
        self.seconds.setSuffix(self.tr(" s"))
        self.seconds.valueChanged.connect(self._write)
        self.repeats = self._spin(1, 100_000)
        self.interval = self._spin(500, 1_000_000)
        self.interval.setSingleStep(1000)
        self.interval.setSuffix(self.tr(" ns"))
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0.0001, 99.0)
        self.budget.setDecimals(4)
        self.budget.setSingleStep(0.05)
        self.budget.setSuffix(self.tr("%"))
        self.budget.valueChanged.connect(self._write)
        self.calibration = CalibrationRow()
        self.calibration.changed.connect(self._calibrate)
        self.verify = QCheckBox(self.tr("Compare outputs with the original model"))
        self.verify.toggled.connect(self._write)
        form = self._form = settings_form()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, tip, widget in (
            (self.tr("Group limit r"), self.tr("The most operators that a group may have"), self.group_operators),
            (self.tr("Stage limit s"), self.tr("The most groups that a stage may have"), self.stage_groups),
            (self.tr("Search time"), self.tr("The search ends after this time with its best"), self.seconds),
            (self.tr("Measurements"), self.tr("How often each schedule is measured"), self.repeats),
            (self.tr("Sampling"), self.tr("Time between two samples of active warps on a GPU"), self.interval),
            (self.tr("Error budget"), self.tr("The largest error of an output, with the precision auto"), self.budget),
        ):
            widget.setAlignment(Qt.AlignmentFlag.AlignRight)
            add_setting(form, text, widget, tip)
        add_setting(form, self.tr("Calibration"), self.calibration, self.tr("Inputs for the precisions int8 and auto"))
        self.uncalibrated = QLabel(self.tr("Without a folder, ranges come from random inputs, not from typical ones."))
        self.uncalibrated.setProperty("note", "warning")
        self.uncalibrated.setWordWrap(True)
        self._mode = muted()
        self._mode.setWordWrap(True)
        reset = QPushButton(self.tr("Defaults"))
        reset.setProperty("link", True)
        reset.clicked.connect(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(heading(self.tr("Next run")))
        layout.addLayout(form)
        layout.addWidget(self.uncalibrated)
        layout.addWidget(self.verify)
        layout.addWidget(self._mode)
        layout.addWidget(reset, alignment=Qt.AlignmentFlag.AlignLeft)
        self.setFixedWidth(40 * GRID)

    def show_under(self, widget: QWidget) -> None:
        """Opens below a button, inside the screen."""
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(0, widget.height() + GRID // 2))
        screen = widget.screen().availableGeometry()
        x = max(min(corner.x(), screen.right() - self.width() - GRID), screen.left())
        y = max(min(corner.y(), screen.bottom() - self.height() - GRID), screen.top())
        self.move(x, y)
        self.show()
        first = self.group_operators if self.group_operators.isEnabled() else self.repeats
        first.setFocus(Qt.FocusReason.PopupFocusReason)

    def hideEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        self.closed.emit()
        super().hideEvent(event)  # type: ignore[arg-type]

    def _spin(self, lowest: int, highest: int) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(lowest, highest)
        spin.valueChanged.connect(self._write)
        return spin

    def _write(self) -> None:
        if not self._updating:
            self._state.set_options(
                msgspec.structs.replace(
                    self._state.options,
                    max_group_operators=self.group_operators.value(),
                    max_stage_groups=self.stage_groups.value(),
                    search_seconds=self.seconds.value() or None,
                    repeats=self.repeats.value(),
                    sample_interval_ns=self.interval.value(),
                    verify=self.verify.isChecked(),
                    error_budget=self.budget.value() / 100 if self.budget.isEnabled() else None,
                )
            )

    def _calibrate(self, folder: str) -> None:
        self._state.set_options(msgspec.structs.replace(self._state.options, calibrate=folder or None))

    def _show(self) -> None:
        options = self._state.options
        self._updating = True
        self.group_operators.setValue(options.max_group_operators)
        self.stage_groups.setValue(options.max_stage_groups)
        self.seconds.setValue(options.search_seconds or _NO_LIMIT)
        self.repeats.setValue(options.repeats)
        self.interval.setValue(options.sample_interval_ns)
        self.verify.setChecked(options.verify)
        self.budget.setEnabled(options.precision == AUTO)
        self.budget.setValue(100 * (ERROR_BUDGET if options.error_budget is None else options.error_budget))
        self._form.setRowVisible(self.budget, options.precision == AUTO)
        calibrated = can_calibrate(options)
        self.calibration.setEnabled(calibrated)
        self.calibration.show_folder(options.calibrate or "")
        self._form.setRowVisible(self.calibration, calibrated)
        self.uncalibrated.setVisible(calibrated and not options.calibrate)
        used = relevance(options.mode)
        self.group_operators.setEnabled(used.group_operators)
        self.stage_groups.setEnabled(used.stage_groups)
        self.seconds.setEnabled(used.search_seconds)
        mode = MODES.get(options.mode)
        self._mode.setText(self.tr("This search: {}.").format(mode.description) if mode is not None else "")
        self._updating = False

    def _reset(self) -> None:
        usual, options = OptimizeOptions(), self._state.options
        self._state.set_options(
            msgspec.structs.replace(
                options,
                max_group_operators=usual.max_group_operators,
                max_stage_groups=usual.max_stage_groups,
                search_seconds=usual.search_seconds,
                repeats=usual.repeats,
                sample_interval_ns=usual.sample_interval_ns,
                verify=usual.verify,
                error_budget=None,
                calibrate=None,
            )
        )
