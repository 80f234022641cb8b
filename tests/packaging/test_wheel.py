"""The wheel holds what an installation needs, under names that cannot collide with other wheels."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(repository)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("warploom-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    return folder


def _run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "warploom", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=installed, env=environment)


def test_that_the_wheel_holds_both_packages_and_all_data(wheel: Path, repository: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, package in (("assets", "warploom/_assets"), ("sample_models", "warploom/_sample_models")):
        shipped = [path for path in (repository / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert shipped, folder
        for path in shipped:
            assert f"{package}/{path.relative_to(repository / folder).as_posix()}" in names
    assert {"warploom/py.typed", "warploom_app/py.typed", "warploom_app/main.py"} <= names


def test_that_nothing_else_lands_in_site_packages(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"warploom", "warploom_app"}


def test_that_the_installed_wheel_finds_its_data_outside_the_checkout(installed: Path) -> None:
    devices = _run(installed, "devices")
    assert devices.returncode == 0, devices.stderr
    assert "sim:h200" in devices.stdout
    models = _run(installed, "models", "list")
    assert models.returncode == 0, models.stderr
    assert "squeezenet" in models.stdout


def _of_dist_info(wheel: Path, member: str) -> str:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(f".dist-info/{member}")]
    return archive.read(name).decode()


def test_that_the_files_say_apache_2(wheel: Path, repository: Path) -> None:
    assert "License-Expression: Apache-2.0" in _of_dist_info(wheel, "METADATA")
    assert _of_dist_info(wheel, "licenses/LICENSE") == (repository / "LICENSE").read_text(encoding="utf-8")


def test_that_the_command_is_where_the_wheel_says(wheel: Path, installed: Path) -> None:
    (command,) = re.findall(r"^warploom = (.+)$", _of_dist_info(wheel, "entry_points.txt"), re.MULTILINE)
    module, function = command.split(":")
    start = f"import sys; sys.argv = ['warploom', '--version']; from {module} import {function}; {function}()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    printed = subprocess.run(
        [sys.executable, "-c", start], capture_output=True, text=True, cwd=installed, env=environment, check=True
    )
    assert printed.stdout.startswith("warploom ")
