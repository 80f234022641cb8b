"""Libraries are found and counted without a GPU; what is missing is said with the command that installs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from warploom.device.cuda import loading
from warploom.errors import DeviceError


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for load in (loading.load_cupy, loading.load_cudnn, loading.load_cublaslt):
        load.cache_clear()


@pytest.mark.parametrize("load", [loading.load_cupy, loading.load_cudnn])
def test_that_a_missing_library_is_said_with_its_cure(load: type, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cupy", "cudnn"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DeviceError, match=rf"is not installed: {re.escape(loading.INSTALL)}"):
        load()


def test_that_a_library_in_a_wheel_is_preferred_to_the_loaders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "nvidia" / "cudnn" / "lib" / "libcudnn.so.9"
    wheel.parent.mkdir(parents=True)
    wheel.write_bytes(b"")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "nvidia", raising=False)
    assert list(loading.wheel_libraries("libcudnn.so.9")) == [wheel]
    assert list(loading.wheel_libraries("libcublasLt.so.13")) == []


def test_that_a_library_that_is_nowhere_is_none() -> None:
    assert loading.load_shared_library("no-such-library", "7") is None


def test_that_versions_read_as_people_write_them() -> None:
    assert loading.version_text(91900) == "9.19.0"
    assert loading.version_text(91002) == "9.10.2"
    assert loading.version_text(13000, 1000) == "13.0"


def test_that_the_modules_of_the_library_load_without_any_cuda_library() -> None:
    code = (
        "import sys, warploom.device.cuda.loading, warploom.device.cuda.errors\n"
        "import warploom.device.cuda.library.library_plans\n"
        "loaded = {'cupy', 'cudnn', 'cupti', 'nvidia'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
