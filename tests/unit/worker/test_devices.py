from __future__ import annotations

import subprocess
import sys

import pytest

from warploom.device import registry
from warploom.device.cuda import device as cuda_device
from warploom.device.cuda.driver import DriverFacts, GpuFacts
from warploom.errors import DeviceError
from warploom.paths import install_command
from warploom.worker.devices import list_for_user

H200 = GpuFacts(0, "NVIDIA H200", (9, 0), 132, 64, 1980.0, 139 << 30, 4800.0, "0000:01:00.0")
OLD = GpuFacts(1, "NVIDIA K80", (3, 7), 13, 64, 875.0, 12 << 30, 240.0, "0000:02:00.0")


def pretend(monkeypatch: pytest.MonkeyPatch, *gpus: GpuFacts, missing: str = "", cuda_version: int = 13000) -> None:
    """A machine with these GPUs."""
    problem = "" if gpus else "no NVIDIA driver is installed"
    facts = DriverFacts(cuda_version if gpus else 0, gpus, problem)
    for module in (registry, cuda_device):
        monkeypatch.setattr(module, "driver_facts", lambda: facts)
    monkeypatch.setattr(registry, "missing_packages", lambda: missing)


def test_that_without_a_gpu_a_simulated_one_is_the_default_and_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    listed = list_for_user(3)
    assert listed.job == 3
    assert listed.default == "sim:h200"
    assert "no NVIDIA driver is installed" in listed.why
    assert all(device.simulated and device.available for device in listed.devices)


def test_that_a_gpu_with_its_libraries_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, H200, OLD)
    listed = list_for_user(1)
    assert [(gpu.id, gpu.name, gpu.available, gpu.simulated) for gpu in listed.devices[:2]] == [
        ("cuda:0", "NVIDIA H200", True, False),
        ("cuda:1", "NVIDIA K80", True, False),
    ]
    assert listed.default == "cuda:0"
    assert "NVIDIA H200" in listed.why


def test_that_a_gpu_without_its_libraries_is_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    missing = registry.missing_packages()
    assert missing == f"CuPy and the cuDNN frontend not installed ({install_command('cuda13')})"
    pretend(monkeypatch, H200, missing=missing)
    listed = list_for_user(1)
    assert not listed.devices[0].available
    assert listed.devices[0].note == missing
    assert listed.default == "sim:h200"
    assert "NVIDIA H200" in listed.why
    assert "pip install" in listed.why


def test_that_a_device_is_opened_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    assert registry.open_device("auto").info.id == "sim:h200"
    assert registry.open_device("sim:k80").info.simulated
    for name in ("sim:abacus", "sim:../h200", "abacus", "", "cuda:", "cuda:-1", "cuda:one"):
        with pytest.raises(DeviceError, match="sim:h200"):
            registry.open_device(name)


def test_that_cuda_without_a_gpu_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    with pytest.raises(DeviceError, match=r"'cuda:0' cannot be used: no NVIDIA driver is installed.*sim:h200"):
        registry.open_device("cuda:0")


def test_that_a_gpu_number_that_does_not_exist_is_answered_with_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, H200)
    with pytest.raises(DeviceError, match=r"no device 'cuda:7'; there are cuda:0 \(NVIDIA H200\)"):
        registry.open_device("cuda:7")


@pytest.fixture
def cupy_for_cuda_13(monkeypatch: pytest.MonkeyPatch) -> None:
    class Runtime:
        @staticmethod
        def runtimeGetVersion() -> int:  # noqa: N802 - as CuPy names it
            return 13000

    fake = type("cupy", (), {"cuda": type("cuda", (), {"runtime": Runtime})})
    monkeypatch.setattr(cuda_device, "load_cupy", lambda: fake)


@pytest.mark.usefixtures("cupy_for_cuda_13")
def test_that_a_driver_too_old_is_said_with_the_command_that_updates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, H200, cuda_version=12040)
    with pytest.raises(DeviceError, match=r"too old: it runs CUDA 12\.4, .* need CUDA 13\.0.*sudo apt install"):
        registry.open_device("cuda:0")


@pytest.mark.usefixtures("cupy_for_cuda_13")
def test_that_a_gpu_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, H200, OLD)
    with pytest.raises(DeviceError, match=r"NVIDIA K80 has compute capability 3\.7, 7\.5 or newer"):
        registry.open_device("cuda:1")


def test_that_listing_devices_loads_no_cuda_library() -> None:
    code = (
        "import sys\n"
        "from warploom.device.registry import list_devices, default_device\n"
        "list_devices(), default_device()\n"
        "loaded = {'cupy', 'cudnn', 'cupti'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
