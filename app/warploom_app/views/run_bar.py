"""RunBar: the settings of the next run and the one button that starts it."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QSpinBox, QToolBar, QWidget

from warploom.graph import Precision
from warploom.schedule.modes import MODES
from warploom_app.actions import ActionRegistry
from warploom_app.icons import icon
from warploom_app.presenters.names import scheduler_title
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.widgets import muted

_NARROW = 130 * GRID


class RunBar(QToolBar):
    """Writes AppState's options; its buttons are the actions of the registry."""

    def __init__(self, state: AppState, actions: ActionRegistry, theme: Theme) -> None:
        super().__init__()
        self._state, self._actions = state, actions
        self._updating = False
        self.setObjectName("runBar")
        self.setWindowTitle(self.tr("Run settings"))
        self.setMovable(False)
        self._open = self._button("file.open", self.tr("Open"))
        self.addWidget(self._open)
        self._labels: list[QAction] = []
        self._build_settings()
        self._optimize = self._button("run.optimize", self.tr("Optimize"))
        self._optimize.setProperty("primary", True)
        self._cancel = self._button("run.cancel", self.tr("Cancel"))
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        for widget in (self._optimize, self._cancel, spacer):
            self.addWidget(widget)
        self._build_limits()
        self.set_theme(theme)
        state.devices_changed.connect(self._show_devices)
        state.options_changed.connect(self._show_options)
        state.job_changed.connect(self._show_job)
        self._show_devices()
        self._show_options()

    @property
    def device(self) -> QComboBox:
        """The choice of the device."""
        return self._device

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._open.setIcon(icon("open", theme.text))
        self._optimize.setIcon(icon("optimize", theme.accent_text))
        self._cancel.setIcon(icon("cancel", theme.text))

    def _button(self, name: str, text: str) -> QPushButton:
        action = self._actions[name]
        button = QPushButton(text)
        button.setToolTip(action.toolTip())
        button.setAccessibleName(text)
        button.setEnabled(action.isEnabled())
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        return button

    def _build_settings(self) -> None:
        self._device = self._combo(self.tr("Device"))
        self._device.setFixedWidth(26 * GRID)
        self._precision = self._combo(self.tr("Precision"))
        for precision in Precision:
            self._precision.addItem(precision.value, precision.value)
        self._batch = self._spin(self.tr("Batch size; the first value leaves it as the model says"), 0, 1024)
        self._batch.setSpecialValueText(self.tr("as saved"))
        self._mode = self._combo(self.tr("Which schedules the search may build"))
        for name, mode in MODES.items():
            self._mode.addItem(self.tr("best of all") if name == "both" else scheduler_title(name), name)
            self._mode.setItemData(self._mode.count() - 1, mode.description, Qt.ItemDataRole.ToolTipRole)
        for label, widget in (
            (self.tr("Device"), self._device),
            ("", self._precision),
            (self.tr("Batch"), self._batch),
            (self.tr("Search"), self._mode),
        ):
            if label:
                self._labels.append(self.addWidget(muted(label)))
            self.addWidget(widget)

    def _build_limits(self) -> None:
        self._r = self._spin(self.tr("r: the most operators that a group may have"), 1, 16)
        self._s = self._spin(self.tr("s: the most groups that a stage may have"), 1, 64)
        for label, widget in ((self.tr("Group limit r"), self._r), (self.tr("Stage limit s"), self._s)):
            self.addWidget(muted(label))
            self.addWidget(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A narrow window gives up labels (they are tooltips, too) before it hides a button."""
        narrow = event.size().width() < _NARROW
        for label in self._labels:
            label.setVisible(not narrow)
        self._device.setFixedWidth((20 if narrow else 26) * GRID)
        super().resizeEvent(event)

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(name)
        combo.activated.connect(self._write)
        return combo

    def _spin(self, name: str, lowest: int, highest: int) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(lowest, highest)
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        spin.setFixedWidth((12 if highest > 100 else 8) * GRID)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.valueChanged.connect(self._write)
        return spin

    def _write(self) -> None:
        if self._updating:
            return
        options = self._state.options
        self._state.set_options(
            msgspec.structs.replace(
                options,
                device=self._device.currentData() or options.device,
                precision=self._precision.currentData(),
                batch=self._batch.value() or None,
                mode=self._mode.currentData(),
                max_group_operators=self._r.value(),
                max_stage_groups=self._s.value(),
            )
        )

    def _show_devices(self) -> None:
        devices = self._state.devices
        self._device.clear()
        if devices is None:
            self._device.addItem(self.tr("looking for devices"), "")
            return
        for entry in devices.devices:
            simulated = self.tr(" (simulated)") if entry.simulated else ""
            self._device.addItem(f"{entry.name}{simulated}", entry.id)
            row = self._device.count() - 1
            self._device.setItemData(row, entry.note, Qt.ItemDataRole.ToolTipRole)
            model = self._device.model()
            if not entry.available and isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(False)
        self._show_options()

    def _show_options(self) -> None:
        options, devices = self._state.options, self._state.devices
        self._updating = True
        wanted = devices.default if options.device == "auto" and devices is not None else options.device
        row = self._device.findData(wanted)
        if row >= 0:
            self._device.setCurrentIndex(row)
        self._precision.setCurrentIndex(self._precision.findData(options.precision))
        self._batch.setValue(options.batch or 0)
        self._mode.setCurrentIndex(self._mode.findData(options.mode))
        self._r.setValue(options.max_group_operators)
        self._s.setValue(options.max_stage_groups)
        self._r.setEnabled(options.mode != "greedy")
        self._s.setEnabled(options.mode != "greedy")
        self._updating = False

    def _show_job(self) -> None:
        """Settings stay editable while a job runs: they are those of the next one."""
        job = self._state.job
        self._cancel.setText(self.tr("Stopping…") if job is not None and job.cancelling else self.tr("Cancel"))
