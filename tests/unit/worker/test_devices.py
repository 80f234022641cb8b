from __future__ import annotations

from pathlib import Path

import pytest

from warploom.device import registry
from warploom.errors import DeviceError
from warploom.worker.devices import list_for_user


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the NVIDIA driver would show of its GPUs; none at first."""
    monkeypatch.setattr(registry, "_NVIDIA_DRIVER", tmp_path)
    return tmp_path


def add_gpu(driver: Path, slot: str, text: str) -> None:
    (driver / slot).mkdir()
    (driver / slot / "information").write_text(text)


@pytest.mark.usefixtures("driver")
def test_that_without_a_gpu_a_simulated_one_is_the_default_and_it_is_said_why() -> None:
    listed = list_for_user(3)
    assert listed.job == 3
    assert listed.default == "sim:h200"
    assert "No NVIDIA GPU" in listed.why
    assert all(device.simulated and device.available for device in listed.devices)


def test_that_gpus_are_named_but_not_offered_by_a_version_that_cannot_use_them(driver: Path) -> None:
    add_gpu(driver, "0000:01:00.0", "Model: \t\t NVIDIA H200\nIRQ: 42\n")
    add_gpu(driver, "0000:02:00.0", "IRQ: 43\n")
    listed = list_for_user(1)
    assert [(gpu.id, gpu.name, gpu.available) for gpu in listed.devices[:2]] == [
        ("cuda:0", "NVIDIA H200", False),
        ("cuda:1", "NVIDIA GPU", False),
    ]
    assert listed.default == "sim:h200"
    assert "NVIDIA H200" in listed.why
    with pytest.raises(DeviceError, match="NVIDIA H200, NVIDIA GPU found"):
        registry.open_device("cuda:0")


@pytest.mark.usefixtures("driver")
def test_that_a_device_is_opened_by_its_id() -> None:
    assert registry.open_device("auto").info.id == "sim:h200"
    assert registry.open_device("sim:k80").info.simulated
    for name in ("sim:abacus", "sim:../h200", "abacus", ""):
        with pytest.raises(DeviceError, match="sim:h200"):
            registry.open_device(name)


@pytest.mark.usefixtures("driver")
def test_that_cuda_without_a_gpu_says_both() -> None:
    with pytest.raises(DeviceError, match=r"no NVIDIA GPU found on this machine.*simulated GPUs only"):
        registry.open_device("cuda:0")
