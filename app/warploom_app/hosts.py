"""Hosts: the machines with GPUs that the user added, the engines that run there, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from warploom.errors import CommandError
from warploom.version import __version__
from warploom.worker.messages import DeviceList, DevicesRequest, DoctorFinding, DoctorReport, DoctorRequest, Event
from warploom.worker.remote import RemoteHost, explain, remote_worker_command
from warploom_app.engine_client import EngineClient

MakeEngine = Callable[[RemoteHost], EngineClient]


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What is known of a host.

    Attributes:
        testing: Whether an answer is waited for.
        version: Of its Warploom; "" before it answered.
        devices: Its devices.
        findings: What its doctor says.
        error: Why it cannot be used.
        details: The end of the connection's log.
    """

    testing: bool = False
    version: str = ""
    devices: DeviceList | None = None
    findings: tuple[DoctorFinding, ...] = ()
    error: str = ""
    details: str = ""

    @property
    def usable(self) -> bool:
        """Whether jobs can run there."""
        return self.devices is not None and not self.error

    @property
    def same_version(self) -> bool:
        """Whether it runs the release that this window is of."""
        return self.version == __version__


class Hosts(QObject):
    """Keeps the list and one engine for each host that is in use.

    Signals:
        changed: A host was added or removed, or more is known of one.
    """

    changed = Signal()

    def __init__(self, make_engine: MakeEngine | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_engine = make_engine or _engine_on
        self._hosts: dict[str, RemoteHost] = {}
        self._status: dict[str, HostStatus] = {}
        self._engines: dict[str, EngineClient] = {}

    @property
    def hosts(self) -> tuple[RemoteHost, ...]:
        """All hosts, in the order in which they were added."""
        return tuple(self._hosts.values())

    def status(self, address: str) -> HostStatus:
        """What is known of a host."""
        return self._status.get(address, HostStatus())

    def add(self, host: RemoteHost) -> None:
        """Adds a host, or changes how it is reached.

        Raises:
            CommandError: If its fields cannot be used.
        """
        remote_worker_command(host)
        if self._hosts.get(host.address) != host:
            self._forget_engine(host.address)
        self._hosts[host.address] = host
        self.changed.emit()

    def remove(self, address: str) -> None:
        """Forgets a host and ends its engine."""
        self._forget_engine(address)
        self._hosts.pop(address, None)
        self._status.pop(address, None)
        self.changed.emit()

    def engine(self, address: str) -> EngineClient:
        """The engine of a host (not started yet, at first).

        Raises:
            CommandError: If there is no such host.
        """
        if address not in self._hosts:
            raise CommandError(f"There is no host {address!r} any more: add it again in the settings.")
        if address not in self._engines:
            engine = self._engines[address] = self._make_engine(self._hosts[address])
            engine.setParent(self)
            engine.received.connect(partial(self._take, address))
            engine.lost.connect(partial(self._lost, address))
        return self._engines[address]

    def test(self, address: str) -> None:
        """Connects and asks for version, devices and the doctor's findings; `changed` tells the outcome."""
        self._set(address, HostStatus(testing=True))
        engine = self.engine(address)
        engine.restart()
        engine.send(DevicesRequest(engine.new_job()))
        engine.send(DoctorRequest(engine.new_job()))

    def close(self) -> None:
        """Ends every engine."""
        for engine in self._engines.values():
            engine.close()

    def _take(self, address: str, event: Event) -> None:
        if isinstance(event, DeviceList):
            welcome = self._engines[address].welcome
            version = welcome.version if welcome is not None else ""
            self._set(address, replace(self.status(address), version=version, devices=event, error=""))
        elif isinstance(event, DoctorReport):
            self._set(address, replace(self.status(address), testing=False, findings=event.findings))

    def _lost(self, address: str, reason: str, log: str) -> None:
        self._set(address, HostStatus(error=reason, details=log))

    def _set(self, address: str, status: HostStatus) -> None:
        self._status[address] = status
        self.changed.emit()

    def _forget_engine(self, address: str) -> None:
        engine = self._engines.pop(address, None)
        if engine is not None:
            engine.received.disconnect()
            engine.lost.disconnect()
            engine.close()
            engine.deleteLater()


def _engine_on(host: RemoteHost) -> EngineClient:
    return EngineClient(remote_worker_command(host), explain=partial(explain, host))
