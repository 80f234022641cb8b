"""HostsPage: the machines with GPUs: add one, test it, see what it offers."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from warploom.errors import CommandError
from warploom.version import __version__
from warploom.worker.remote import RemoteHost
from warploom_app.hosts import Hosts, HostStatus
from warploom_app.theme import GRID
from warploom_app.views.widgets import add_setting, set_flag, settings_form


class HostsPage(QWidget):
    """Edits Hosts; a change is tested at once."""

    def __init__(self, hosts: Hosts) -> None:
        super().__init__()
        self._hosts = hosts
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("GPU hosts"))
        self.list.setFixedWidth(24 * GRID)
        self.list.setSpacing(2)
        self.list.currentItemChanged.connect(lambda *_: self._show_host())
        self.address, self.command, self.ssh = QLineEdit(), QLineEdit(), QLineEdit()
        for line in (self.address, self.command, self.ssh):
            line.returnPressed.connect(self._save)
        self.address.setPlaceholderText(self.tr("user@machine"))
        self.port = QSpinBox()
        self.port.setRange(0, 65_535)
        self.port.setSpecialValueText(self.tr("as ssh"))
        self.test_button = QPushButton(self.tr("Save and test"))
        self.test_button.setProperty("primary", True)
        self.test_button.clicked.connect(self._save)
        self.new_button = QPushButton(self.tr("New"))
        self.new_button.clicked.connect(self.begin_new)
        self.remove_button = QPushButton(self.tr("Remove"))
        self.remove_button.clicked.connect(self._remove)
        self.report = QTextBrowser()
        self.report.setAccessibleName(self.tr("What is known of the host"))
        self._build()
        hosts.changed.connect(self._update)
        self._update()
        self.begin_new() if not hosts.hosts else self.list.setCurrentRow(0)

    def begin_new(self) -> None:
        """Empties the fields for another host."""
        self.list.setCurrentRow(-1)
        self._fill(RemoteHost(""))
        self.report.setMarkdown(self.tr("Jobs run there over ssh with a key; nothing ever asks for a password."))
        self.address.setFocus()

    def _build(self) -> None:
        form = settings_form()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.port.setFixedWidth(16 * GRID)
        self.port.setAlignment(Qt.AlignmentFlag.AlignRight)
        for name, tip, widget in (
            (self.tr("Address"), self.tr("user@machine, or a name of ~/.ssh/config"), self.address),
            (self.tr("Port"), self.tr("Of its ssh server"), self.port),
            (self.tr("Command"), self.tr("The command that starts Warploom there"), self.command),
            (self.tr("ssh program"), self.tr("The program that connects, with options if need be"), self.ssh),
        ):
            add_setting(form, name, widget, tip)
        buttons = QHBoxLayout()
        for button in (self.test_button, self.new_button, self.remove_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        right.addLayout(form)
        right.addLayout(buttons)
        right.addWidget(self.report, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.list)
        layout.addLayout(right, 1)

    def _fill(self, host: RemoteHost) -> None:
        self.address.setText(host.address)
        self.command.setText(host.command)
        self.ssh.setText(host.ssh)
        self.port.setValue(host.port)
        self.remove_button.setEnabled(bool(host.address))

    def _save(self) -> None:
        host = RemoteHost(
            self.address.text().strip(),
            self.command.text().strip() or "warploom",
            self.port.value(),
            self.ssh.text().strip() or "ssh",
        )
        try:
            self._hosts.add(host)
        except CommandError as error:
            self.report.setPlainText(str(error))
            return
        self._select(host.address)
        self._hosts.test(host.address)

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._hosts.remove(item.data(Qt.ItemDataRole.UserRole))
            self.begin_new()

    def _select(self, address: str) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == address:
                self.list.setCurrentRow(row)

    def _update(self) -> None:
        current = self.list.currentItem()
        chosen = current.data(Qt.ItemDataRole.UserRole) if current is not None else ""
        self.list.blockSignals(True)
        self.list.clear()
        for host in self._hosts.hosts:
            status = self._hosts.status(host.address)
            mark = "…" if status.testing else "✓" if status.usable else "✗" if status.error else "?"
            item = QListWidgetItem(f"{mark}  {host.address}")
            item.setData(Qt.ItemDataRole.UserRole, host.address)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{host.address}: {_state_word(status)}")
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._select(chosen)

    def _show_host(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        address = item.data(Qt.ItemDataRole.UserRole)
        host = next((one for one in self._hosts.hosts if one.address == address), None)
        if host is None:
            return
        self._fill(host)
        status = self._hosts.status(address)
        set_flag(self.report, "level", "error" if status.error else "")
        self.report.setHtml(self._describe(status))

    def _describe(self, status: HostStatus) -> str:
        if status.error:
            details = f"<pre>{escape(status.details.strip())}</pre>" if status.details.strip() else ""
            return f"<p><b>{escape(status.error)}</b></p>{details}"
        if status.devices is None:
            return self.tr("Connecting…") if status.testing else self.tr("Not tested yet.")
        version = self.tr("Warploom {} answers.").format(status.version)
        if not status.same_version:
            version += " " + self.tr("This window is of release {}: results may differ.").format(__version__)
        devices = (
            "".join(
                f"<li>{escape(one.name)} ({escape(one.id)}){': ' if one.note else ''}{escape(one.note)}</li>"
                for one in status.devices.devices
                if not one.simulated
            )
            or f"<li>{escape(status.devices.why)}</li>"
        )
        findings = "".join(
            f"<tr><td>{escape(one.state)}&nbsp;</td><td><b>{escape(one.subject)}</b>&nbsp;</td>"
            f"<td>{escape(one.text)} {escape(one.remedy)}</td></tr>"
            for one in status.findings
        )
        more = self.tr("Asking its doctor…") if status.testing else ""
        return f"<p>{escape(version)}</p><ul>{devices}</ul><table>{findings}</table><p>{more}</p>"


def _state_word(status: HostStatus) -> str:
    if status.testing:
        return _tr("testing")
    return _tr("usable") if status.usable else status.error or _tr("not tested")


def _tr(text: str) -> str:
    return QCoreApplication.translate("HostsPage", text)
