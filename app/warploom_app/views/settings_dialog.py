"""SettingsDialog: appearance, language, notifications, the folder of recordings and the GPU hosts; applied at once."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from warploom_app.appearance import Appearance, AppearanceMode
from warploom_app.hosts import Hosts
from warploom_app.settings import Settings
from warploom_app.theme import GRID
from warploom_app.translation import languages
from warploom_app.views.hosts_page import HostsPage
from warploom_app.views.widgets import add_setting, dismissing, muted, settings_form

GENERAL, RECORDINGS, HOSTS = range(3)


class SettingsDialog(QDialog):
    """Three pages.

    Signals:
        mode_chosen: Light, dark, or as the system.
        prune_wanted: Fewer recordings are to be kept.
    """

    mode_chosen = Signal(object)
    prune_wanted = Signal()

    def __init__(
        self, settings: Settings, appearance: Appearance, hosts: Hosts, folder: str, parent: QWidget
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._settings = settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(self.tr("Settings"))
        self.tabs = QTabWidget()
        self.tabs.addTab(self._general(appearance), self.tr("General"))
        self.tabs.addTab(self._recordings(folder), self.tr("Recordings"))
        self.hosts_page = HostsPage(hosts)
        self.tabs.addTab(self.hosts_page, self.tr("GPU hosts"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(dismissing(self))
        self.resize(90 * GRID, 60 * GRID)

    def _general(self, appearance: Appearance) -> QWidget:
        preferences = self._settings.preferences
        mode = QComboBox()
        for value, text in (
            (AppearanceMode.SYSTEM, self.tr("As the system")),
            (AppearanceMode.LIGHT, self.tr("Light")),
            (AppearanceMode.DARK, self.tr("Dark")),
        ):
            mode.addItem(text, value)
        mode.setCurrentIndex(mode.findData(appearance.mode))
        mode.activated.connect(lambda _: self.mode_chosen.emit(mode.currentData()))
        language = QComboBox()
        language.addItem(self.tr("As the system"), "")
        for code, name in languages():
            language.addItem(name, code)
        language.setCurrentIndex(max(language.findData(preferences.language), 0))
        language.activated.connect(lambda _: self._change(language=language.currentData()))
        notify = QCheckBox(self.tr("Tell me when long work ends in the background"))
        notify.setChecked(preferences.notify)
        notify.toggled.connect(lambda on: self._change(notify=on))
        after = self._spin(1, 3600, preferences.notify_after_s)
        after.setSuffix(self.tr(" s"))
        after.valueChanged.connect(lambda value: self._change(notify_after_s=value))
        reopen = QCheckBox(self.tr("After a crash, open again what was open"))
        reopen.setChecked(preferences.reopen)
        reopen.toggled.connect(lambda on: self._change(reopen=on))
        page, form = self._page()
        add_setting(form, self.tr("Colours"), mode)
        add_setting(form, self.tr("Language"), language)
        form.addRow("", muted(self.tr("Another language shows after a restart.")))
        form.addRow("", notify)
        add_setting(form, self.tr("Long is more than"), after)
        form.addRow("", reopen)
        return page

    def _recordings(self, folder: str) -> QWidget:
        preferences = self._settings.preferences
        self._folder = QLineEdit(preferences.recordings or folder)
        self._folder.setReadOnly(True)
        choose = QPushButton(self.tr("Choose…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose_folder)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._folder, 1)
        row.addWidget(choose)
        files = self._spin(1, 100_000, preferences.keep_recordings)
        files.setSuffix(self.tr(" files"))
        files.valueChanged.connect(lambda value: self._change(keep_recordings=value))
        size = QDoubleSpinBox()
        size.setRange(0.1, 10_000)
        size.setDecimals(1)
        size.setValue(preferences.keep_gigabytes)
        size.setSuffix(self.tr(" GB"))
        size.setFixedWidth(16 * GRID)
        size.setAlignment(Qt.AlignmentFlag.AlignRight)
        size.valueChanged.connect(lambda value: self._change(keep_gigabytes=value))
        prune = QPushButton(self.tr("Remove the oldest now"))
        prune.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        prune.setAutoDefault(False)
        prune.clicked.connect(self.prune_wanted)
        page, form = self._page()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._folder.setAccessibleName(self.tr("Folder"))
        folder_label = QLabel(self.tr("Folder"))
        folder_label.setMinimumHeight(self._folder.sizeHint().height())
        form.addRow(folder_label, row)
        add_setting(form, self.tr("Keep at most"), files)
        add_setting(form, self.tr("Together at most"), size)
        text = muted(self.tr("What runs in this window is recorded here. The oldest recordings go first."))
        text.setWordWrap(True)
        form.addRow("", text)
        form.addRow("", prune)
        return page

    def _page(self) -> tuple[QWidget, QFormLayout]:
        page = QWidget()
        form = settings_form(page)
        form.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        return page, form

    def _spin(self, lowest: int, highest: int, value: int) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(lowest, highest)
        spin.setValue(value)
        spin.setFixedWidth(16 * GRID)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        return spin

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("The folder for recordings"), self._folder.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._set_folder)
        dialog.open()

    def _set_folder(self, folder: str) -> None:
        self._folder.setText(folder)
        self._change(recordings=folder)

    def _change(self, **changes: object) -> None:
        self._settings.preferences = msgspec.structs.replace(self._settings.preferences, **changes)
