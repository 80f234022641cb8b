from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from warploom.errors import CancelledError, CommandError
from warploom.worker import transfer
from warploom.worker.messages import CHUNK_BYTES, Chunk, Download, Event, Finished, Upload
from warploom.worker.transfer import PREFIX, TransferFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TransferFolder]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = TransferFolder()
    yield made
    made.close()


def piece(name: str = "model.onnx", data: bytes = b"abc", offset: int = 0, folder: str = "m1") -> Upload:
    return Upload(job=4, folder=folder, name=name, offset=offset, total=offset + len(data), data=data)


def test_that_pieces_become_a_file_that_only_the_user_can_read(folder: TransferFolder, tmp_path: Path) -> None:
    folder.receive(piece(data=b"abc"))
    answer = folder.receive(piece(data=b"def", offset=3))
    assert (answer.job, answer.received) == (4, 6)
    assert Path(answer.path).read_bytes() == b"abcdef"
    (root,) = tmp_path.glob(f"{PREFIX}*")
    assert root.stat().st_mode & 0o077 == 0
    folder.receive(piece(name="weights/w.bin"))
    assert Path(answer.path).parent.joinpath("weights", "w.bin").read_bytes() == b"abc"
    folder.receive(piece(data=b"x"))
    assert Path(answer.path).read_bytes() == b"x", "a file that is sent again replaces the old one"
    folder.close()
    folder.close()
    assert not root.exists()


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "", ".", "a\\b", "a\0b"])
def test_that_names_cannot_lead_out_of_the_folder(folder: TransferFolder, name: str) -> None:
    with pytest.raises(CommandError, match="cannot be called"):
        folder.receive(piece(name=name))


@pytest.mark.parametrize("name", ["", "..", "a/b", "x" * 65])
def test_that_folders_are_plain_names(folder: TransferFolder, name: str) -> None:
    with pytest.raises(CommandError, match="cannot be called"):
        folder.receive(piece(folder=name))


def test_that_a_missing_piece_and_a_full_disk_are_noticed(
    folder: TransferFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.receive(piece())
    with pytest.raises(CommandError, match="missing before byte 9"):
        folder.receive(piece(offset=9))
    with pytest.raises(CommandError, match="cannot be stored"):
        folder.receive(piece(name="other.onnx", offset=9))
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(CommandError, match="free some space"):
        folder.receive(piece())


def test_that_a_result_is_sent_once_and_nothing_else_is(folder: TransferFolder, tmp_path: Path) -> None:
    path = folder.new_file("result.warploom")
    content = os.urandom(2 * CHUNK_BYTES + 5)
    path.write_bytes(content)
    events: list[Event] = []
    folder.send(Download(7, str(path)), events.append, lambda: False)
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert b"".join(chunk.data for chunk in chunks) == content
    assert {chunk.total for chunk in chunks} == {len(content)}
    assert events[-1] == Finished(7)
    assert not path.exists()
    secret = tmp_path / "secret"
    secret.write_text("key")
    for other in (secret, path.parent.parent.parent / "results" / ".." / ".." / "secret", path):
        with pytest.raises(CommandError):
            folder.send(Download(8, str(other)), events.append, lambda: False)
    second = folder.new_file("result.warploom")
    second.write_bytes(content)
    with pytest.raises(CancelledError):
        folder.send(Download(9, str(second)), events.append, lambda: True)


def test_that_what_a_killed_worker_left_is_removed_and_a_living_one_is_spared(
    folder: TransferFolder, tmp_path: Path
) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = tmp_path / f"{PREFIX}{int(gone.stdout)}-abc"
    alive = tmp_path / f"{PREFIX}{os.getpid()}-abc"
    other = tmp_path / f"{PREFIX}x-abc"
    for path in (dead, alive, other):
        path.mkdir()
    folder.receive(piece())
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()
