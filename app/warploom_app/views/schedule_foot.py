"""ScheduleFoot: what the edited schedule comes to, why an edit was refused, and where it is tried under which name."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from warploom.device.protocol import DeviceInfo
from warploom.worker.messages import DeviceEntry, DeviceList
from warploom_app.theme import GRID
from warploom_app.views.widgets import Choice, muted, set_flag

_REFUSAL_MS = 8000


class ScheduleFoot(QWidget):
    """One row below the schedule.

    Signals:
        faded: A refusal was on show long enough.
        changed: Another name or device was chosen.
    """

    faded = Signal()
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.status: QLabel = muted()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the edited schedule"))
        self.name.setPlaceholderText(self.tr("name"))
        self.name.setFixedWidth(16 * GRID)
        self.name.setAcceptDrops(False)
        self.where = Choice()
        self.where.setAccessibleName(self.tr("Device that the edited schedule runs on"))
        self.where.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.where.setMinimumContentsLength(12)
        self.where.setMaximumWidth(32 * GRID)
        self.where.setToolTip(self.tr("On another device every schedule of the recording runs again"))
        self.run = QPushButton(self.tr("Try it"))
        self.run.setToolTip(self.tr("Runs the edited schedule beside the others and keeps it under this name"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.status, 3)
        row.addWidget(self.name)
        row.addWidget(self.where, 2)
        row.addWidget(self.run)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(_REFUSAL_MS)
        self._fade.timeout.connect(self.faded)
        self.name.textChanged.connect(self.changed)
        self.where.currentIndexChanged.connect(self.changed)

    # -- the sentence

    @property
    def refusing(self) -> bool:
        """Whether a refusal is on show."""
        return self._fade.isActive()

    def refuse(self, reason: str) -> None:
        """Shows for a while why something is not possible."""
        self._say(reason, refused=True)
        self._fade.start()

    def doubt(self, reason: str) -> None:
        """Shows why what is dragged may not land here, or nothing of that."""
        self._fade.stop()
        if reason:
            self._say(reason, refused=True)
        else:
            self.faded.emit()

    def tell(self, text: str) -> None:
        """Shows how things stand; a refusal is over."""
        self._fade.stop()
        self._say(text, refused=False)

    def _say(self, text: str, *, refused: bool) -> None:
        set_flag(self.status, "refused", refused)
        self.status.setText(text)
        self.status.setToolTip(text)

    # -- where it runs

    def show_devices(self, own: DeviceInfo, devices: DeviceList | None) -> None:
        """The recording's own device where it is here, then the others; what was chosen stays where it can.

        A device that is known not to be here is not offered: a simulated one of its kind is chosen, if there is one.
        """
        chosen = self.where.currentData()
        there = [one for one in devices.devices if one.available] if devices is not None else []
        here = devices is None or any(one.id == own.id and one.name == own.name for one in there)
        self.where.blockSignals(True)
        self.where.clear()
        if here or not there:
            self.where.addItem(self.tr("on {}").format(_named(own)), "")
        others = [one for one in there if not (here and one.id == own.id)]
        for device in sorted(others, key=lambda one: one.name != own.name):
            self.where.addItem(self.tr("on {}").format(_named(device)), device.id)
        self.where.setCurrentIndex(max(self.where.findData(chosen), 0))
        self.where.blockSignals(False)
        self.changed.emit()

    @property
    def place(self) -> str:
        """What the device is called."""
        return self.where.currentText()

    @property
    def device(self) -> str:
        """Where it shall run; "" for the recording's own device."""
        return str(self.where.currentData() or "")


def _named(device: DeviceInfo | DeviceEntry) -> str:
    """Its name; a simulated GPU says so."""
    return _tr("{} (simulated)").format(device.name) if device.simulated else device.name


def _tr(text: str) -> str:
    return QCoreApplication.translate("ScheduleFoot", text)
