"""Files are written whole or not at all, and the message says what helps."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from warploom import atomic
from warploom.atomic import write_atomically, write_bytes_atomically
from warploom.errors import RecordingError, ReportError
from warploom.recording.file import write_recording
from warploom.recording.recording import Recording


def put(data: bytes):
    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write


def fail_with(number: int):
    def write(stream: BinaryIO) -> None:
        stream.write(b"half of i")
        raise OSError(number, os.strerror(number))

    return write


def test_that_a_new_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    write_bytes_atomically(tmp_path / "a", b"new", RecordingError)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"new")]


def test_that_a_new_file_has_the_permissions_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", put(b"new"), RecordingError)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EIO, "error"),
    ],
)
def test_that_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, number: int, words: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(RecordingError, match=words) as caught:
        write_atomically(path, fail_with(number), RecordingError)
    assert str(path) in str(caught.value)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"old")]


def test_that_a_full_disk_at_the_flush_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", fsync)
    with pytest.raises(ReportError, match="disk is full"):
        write_atomically(tmp_path / "a", put(b"new"), ReportError)
    assert list(tmp_path.iterdir()) == []


def test_that_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def write(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", write, RecordingError)
    assert list(tmp_path.iterdir()) == []


KILLED_HALFWAY = """
import os, signal, sys
from pathlib import Path
from warploom.atomic import write_atomically
from warploom.errors import ReportError

def write(stream):
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(Path(sys.argv[1]), write, ReportError)
"""


def test_that_a_killed_process_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    try:
        os.close(os.open(tmp_path, os.O_RDWR | os.O_TMPFILE))
    except OSError:
        pytest.skip("this file system has no files without a name")
    done = subprocess.run([sys.executable, "-c", KILLED_HALFWAY, str(path)])
    assert done.returncode == -signal.SIGKILL
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"old")]


@pytest.mark.parametrize("refusal", [errno.EOPNOTSUPP, errno.EISDIR])
def test_that_file_systems_without_nameless_files_do_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    opened, really_open = [], os.open

    def refuse(path: object, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(refusal, os.strerror(refusal))
        opened.append(path)
        return really_open(path, flags, mode)  # type: ignore[arg-type]

    monkeypatch.setattr(atomic.os, "open", refuse)
    write_bytes_atomically(tmp_path / "a", b"new", RecordingError)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"new")]
    assert any(str(path).endswith(".part") for path in opened)


def test_that_hard_links_are_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(atomic.os, "link", link)
    write_bytes_atomically(tmp_path / "a", b"new" * 100_000, RecordingError)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"new" * 100_000)]


def test_that_a_missing_folder_a_file_as_folder_and_a_folder_as_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for path, words in [
        (tmp_path / "no" / "a", "does not exist"),
        (tmp_path / "file" / "a", "not a folder"),
        (tmp_path, "is a folder"),
        (tmp_path / ("a" * 300), "too long"),
    ]:
        with pytest.raises(RecordingError, match=words):
            write_atomically(path, put(b"new"), RecordingError)


def test_that_a_device_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    with pytest.raises(RecordingError, match="not a regular file"):
        write_atomically(link, put(b"new"), RecordingError)
    assert Path("/dev/null").is_char_device()


def test_that_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "a")
    write_atomically(tmp_path / "link", put(b"new"), RecordingError)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a").read_bytes() == b"new"


def test_that_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(RecordingError, match="Cannot write"):
        write_atomically(tmp_path / "a", put(b"new"), RecordingError)


def test_that_a_read_only_folder_is_refused(tmp_path: Path, example_recording: Recording) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):  # root may write everywhere; where the kernel lets it, a flag stops even root
            flagged = subprocess.run(["chattr", "+i", str(folder)], capture_output=True, check=False)
            if flagged.returncode:
                pytest.skip("this user writes into read-only folders, and no flag can be set here")
        with pytest.raises(RecordingError, match="read-only"):
            write_recording(example_recording, folder / "a.warploom")
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["chattr", "-i", str(folder)], capture_output=True, check=False)
        folder.chmod(0o700)
