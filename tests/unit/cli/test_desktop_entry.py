from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from warploom.cli import desktop_entry
from warploom.cli.main import run


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


def test_that_the_entry_the_types_and_the_icons_are_installed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["gui", "--install-desktop"]) == 0
    share = tmp_path / "share"
    entry = (share / "applications" / "warploom.desktop").read_text()
    assert "MimeType=application/x-onnx;application/x-warploom;" in entry
    assert " gui %F" in entry
    types = ET.parse(share / "mime" / "packages" / "warploom.xml").getroot()
    patterns = {
        glob.get("pattern") for glob in types.iter("{http://www.freedesktop.org/standards/shared-mime-info}glob")
    }
    assert patterns == {"*.onnx", "*.warploom"}
    icons = list((share / "icons").rglob("*.svg"))
    assert len(icons) == 3
    assert len(capsys.readouterr().out.splitlines()) == 5
    if validate := shutil.which("desktop-file-validate"):
        subprocess.run([validate, str(share / "applications" / "warploom.desktop")], check=True)
    assert run(["gui", "--uninstall-desktop"]) == 0
    assert not list(share.rglob("*warploom*.svg"))
    assert not (share / "applications" / "warploom.desktop").exists()
    assert run(["gui", "--uninstall-desktop"]) == 0


def test_that_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "share").write_text("a file in the way")
    assert run(["gui", "--install-desktop"]) == 2
    assert "share" in capsys.readouterr().err


def test_that_programs_with_spaces_are_quoted() -> None:
    assert desktop_entry._quoted("/opt/w/warploom") == "/opt/w/warploom"
    assert desktop_entry._quoted("/opt/my tools/warploom") == '"/opt/my tools/warploom"'
