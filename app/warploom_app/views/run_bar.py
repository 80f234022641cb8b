"""RunBar: where and how the next run takes place, and the one button that starts it."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QPushButton, QSizePolicy, QSpinBox, QToolBar, QWidget

from warploom.graph.precision_plan import CHOICES
from warploom.schedule.modes import MODES
from warploom_app.actions import ActionRegistry
from warploom_app.hosts import Hosts
from warploom_app.icons import icon
from warploom_app.presenters.run_options import (
    Target,
    mode_title,
    offered_modes,
    precision_title,
    targets,
    with_precision,
)
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.run_settings import RunSettings
from warploom_app.views.widgets import Choice, muted

_NARROW = 130 * GRID
_VERY_NARROW = 100 * GRID


class RunBar(QToolBar):
    """Writes AppState's options; its buttons are the actions of the registry.

    Signals:
        add_host_wanted: The user wants to run on another machine.
    """

    add_host_wanted = Signal()

    def __init__(self, state: AppState, actions: ActionRegistry, hosts: Hosts, theme: Theme) -> None:
        super().__init__()
        self._state, self._actions, self._hosts = state, actions, hosts
        self._updating = self._tight = False
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
        self._more = self._button("run.settings", self.tr("Settings"))
        self.settings = RunSettings(state, self)
        for widget in (self._more, self._optimize, self._cancel, spacer):
            self.addWidget(widget)
        self.set_theme(theme)
        state.devices_changed.connect(self._show_devices)
        hosts.changed.connect(self._show_devices)
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
        self._more.setIcon(icon("settings", theme.text))

    def show_settings(self) -> None:
        """Opens the panel with all other settings."""
        self.settings.show_under(self._more if self._more.isVisible() else self)

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
        self._device.setFixedWidth(28 * GRID)
        self._device.activated.disconnect(self._write)
        self._device.activated.connect(self._choose_target)
        self._precision = self._combo(self.tr("Precision"))
        for name in CHOICES:
            self._precision.addItem(name, name)
            self._precision.setItemData(self._precision.count() - 1, precision_title(name), Qt.ItemDataRole.ToolTipRole)
        self._batch = self._spin(self.tr("Batch size; the first value leaves it as the model says"), 0, 1024)
        self._batch.setSpecialValueText(self.tr("as saved"))
        self._mode = self._combo(self.tr("Which schedules the search may build"))
        for name in offered_modes():
            self._mode.addItem(mode_title(name), name)
            self._mode.setItemData(self._mode.count() - 1, MODES[name].description, Qt.ItemDataRole.ToolTipRole)
        for label, widget in (
            (self.tr("Device"), self._device),
            ("", self._precision),
            (self.tr("Batch"), self._batch),
            (self.tr("Search"), self._mode),
        ):
            if label:
                self._labels.append(self.addWidget(muted(label)))
            self.addWidget(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A narrow window gives up labels (they are tooltips, too) before it hides a button."""
        width = event.size().width()
        narrow, self._tight = width < _NARROW, width < _VERY_NARROW
        for label in self._labels:
            label.setVisible(not narrow)
        self._device.setFixedWidth((14 if self._tight else 22 if narrow else 28) * GRID)
        self._mode.setMaximumWidth((12 if self._tight else 40) * GRID)
        self._batch.setFixedWidth(10 * GRID if self._tight else max(self._batch.sizeHint().width(), 12 * GRID))
        for button, text in ((self._open, self.tr("Open")), (self._more, self.tr("Settings"))):
            button.setText("" if self._tight else text)
        self._show_job()
        super().resizeEvent(event)

    def _combo(self, name: str) -> QComboBox:
        combo = Choice()
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
        options = msgspec.structs.replace(
            with_precision(self._state.options, self._precision.currentData()),
            batch=self._batch.value() or None,
            mode=self._mode.currentData(),
        )
        self._state.set_options(options)

    def _choose_target(self) -> None:
        target = self._device.currentData()
        if isinstance(target, Target):
            self._state.set_target(target.host, target.device)
        elif self._state.devices is not None:
            self._show_options()
            self.add_host_wanted.emit()

    def _show_devices(self) -> None:
        devices = self._state.devices
        self._device.clear()
        if devices is None:
            self._device.addItem(self.tr("looking for devices"))
        remote = {host.address: self._hosts.status(host.address).devices for host in self._hosts.hosts}
        for target in targets(devices, remote):
            self._device.addItem(target.title, target)
            row = self._device.count() - 1
            self._device.setItemData(row, target.note, Qt.ItemDataRole.ToolTipRole)
            model = self._device.model()
            if not target.available and isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(False)
        self._device.insertSeparator(self._device.count())
        self._device.addItem(self.tr("Add GPU host…"))
        self._show_options()

    def _row_of_target(self) -> int:
        """The row of the chosen device; of the default one where it is gone."""
        options, devices, host = self._state.options, self._state.devices, self._state.host
        here = [self._device.itemData(row) for row in range(self._device.count())]
        of_host = [row for row, one in enumerate(here) if isinstance(one, Target) and one.host == host]
        wanted = options.device
        if wanted == "auto" and not host and devices is not None:
            wanted = devices.default
        return next((row for row in of_host if here[row].device == wanted), of_host[0] if of_host else 0)

    def _show_options(self) -> None:
        options = self._state.options
        self._updating = True
        self._device.setCurrentIndex(self._row_of_target())
        self._precision.setCurrentIndex(self._precision.findData(options.precision))
        self._batch.setValue(options.batch or 0)
        self._mode.setCurrentIndex(self._mode.findData(options.mode))
        self._updating = False

    def _show_job(self) -> None:
        """Settings stay editable while a job runs: they are those of the next one."""
        job = self._state.job
        text = self.tr("Stopping…") if job is not None and job.cancelling else self.tr("Cancel")
        self._cancel.setText("" if self._tight else text)
        self._cancel.setAccessibleName(text)
