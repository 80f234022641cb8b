"""SingleInstance: the window's ear for a second start, which hands over its files instead of opening another window."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from warploom.cli.running_window import socket_path

_LONGEST_MESSAGE = 2**20


class SingleInstance(QObject):
    """Listens where `warploom.cli.running_window` asks.

    Signals:
        asked: Somebody started Warploom again, with these files (paths; maybe none).
    """

    asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)

    def listen(self) -> bool:
        """Begins to listen; False where another window does so, or it cannot be done."""
        try:
            path = socket_path()
        except OSError:
            return False
        if _answers(path):
            return False  # Qt would put its own socket in the place of that one
        path.unlink(missing_ok=True)  # left by a window that crashed
        return self._server.listen(str(path))

    def close(self) -> None:
        """Stops listening."""
        self._server.close()

    def _welcome(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.readyRead.connect(lambda connection=connection: self._read(connection))
            connection.disconnected.connect(connection.deleteLater)
            self._read(connection)

    def _read(self, connection: QLocalSocket) -> None:
        if connection.bytesAvailable() > _LONGEST_MESSAGE:
            connection.abort()
            return
        if not connection.canReadLine():
            return
        try:
            files = [Path(str(name)) for name in json.loads(bytes(connection.readLine().data()))["files"]]
        except (ValueError, KeyError, TypeError):
            connection.abort()
            return
        connection.write(b"ok\n")
        connection.flush()
        self.asked.emit(files)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
