"""The doctor names what is missing, broken or forbidden, each with what helps; it never raises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warploom.cli.main import run
from warploom.device.cuda import doctor_facts
from warploom.device.cuda.doctor_facts import Finding, State, examine
from warploom.device.cuda.driver import DriverFacts, GpuFacts
from warploom.device.cuda.loading import INSTALL
from warploom.device.cuda.nvml import Clocks
from warploom.errors import DeviceError

GPU = GpuFacts(0, "NVIDIA H200", (9, 0), 132, 64, 1980.0, 139 << 30, 4800.0, "0000:01:00.0")


def missing() -> None:
    raise DeviceError(f"CuPy is not installed: {INSTALL}.")


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor_facts, "driver_facts", lambda: DriverFacts(0, (), "no NVIDIA driver is installed"))
    monkeypatch.setattr(doctor_facts, "load_cupy", missing)
    monkeypatch.setattr(doctor_facts, "load_cudnn", missing)
    monkeypatch.setattr(doctor_facts, "load_cublaslt", lambda: None)
    monkeypatch.setattr(doctor_facts, "driver_version", lambda: "580.65.06")
    monkeypatch.setattr(doctor_facts, "cache_folder", lambda: tmp_path)


def found(subject: str) -> Finding:
    (finding,) = [finding for finding in examine() if finding.subject == subject]
    return finding


def show(monkeypatch: pytest.MonkeyPatch, cuda_version: int, *gpus: GpuFacts, problem: str = "") -> None:
    monkeypatch.setattr(doctor_facts, "driver_facts", lambda: DriverFacts(cuda_version, gpus, problem))


def test_that_a_bare_machine_is_told_what_to_install() -> None:
    states = {finding.subject: finding.state for finding in examine()}
    assert states["driver"] is State.MISSING
    assert "apt install nvidia-driver" in found("driver").remedy
    for subject in ("CuPy", "NVRTC", "cuDNN frontend", "cuDNN"):
        assert states[subject] is State.MISSING
        assert found(subject).remedy == INSTALL
    assert found("CuPy").text == "CuPy is not installed"
    assert states["cuBLASLt"] is State.WARNING


def test_that_a_working_machine_has_its_facts_named(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 13000, GPU)
    monkeypatch.setattr(doctor_facts, "read_clocks", lambda _: Clocks(345.0, 1980.0))
    assert found("driver") == Finding("driver", State.OK, "580.65.06, runs CUDA 13.0")
    assert "132 SMs, 139 GiB" in found("cuda:0").text
    assert "--lock-gpu-clocks=1980" in found("clocks of cuda:0").remedy


def test_that_an_old_driver_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 12040, GPU)
    finding = found("driver")
    assert finding.state is State.WARNING
    assert "runs CUDA 12.4; CUDA 13.0 is needed" in finding.text


def test_that_a_driver_without_gpu_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, 13000, problem="the driver shows no GPU")
    assert found("driver").text.endswith("the driver shows no GPU")


@pytest.mark.parametrize(
    ("root", "text", "state"),
    [
        (True, None, State.OK),
        (False, "RmProfilingAdminOnly: 1\n", State.WARNING),
        (False, "RmProfilingAdminOnly: 0\n", State.OK),
        (False, None, State.WARNING),
    ],
)
def test_that_profiling_permission_is_read(
    root: bool, text: str | None, state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    if text is not None:
        (tmp_path / "params").write_text(text)
    finding = doctor_facts._profiling(tmp_path / "params")
    assert finding.state is state
    assert ("modprobe" in finding.remedy) == (text == "RmProfilingAdminOnly: 1\n")


def test_that_an_untried_frontend_and_a_mismatched_profiler_are_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type("cudnn", (), {"__version__": "1.30.0", "backend_version": staticmethod(lambda: 91900)})
    monkeypatch.setattr(doctor_facts, "load_cudnn", lambda: module)
    assert found("cuDNN").text == "9.19.0"
    assert found("cuDNN frontend").remedy == "pip install 'nvidia-cudnn-frontend<1.29'"
    versions = {"cupti-python": "13.4.0", "nvidia-cuda-cupti": "13.0.85"}
    monkeypatch.setattr("importlib.metadata.version", versions.__getitem__)
    monkeypatch.setattr(doctor_facts, "wheel_libraries", lambda _: iter([Path("libcupti.so.13")]))
    monkeypatch.setattr(doctor_facts, "_CUPTI_NEEDS", ("json",))
    assert found("CUPTI").state is State.WARNING
    assert found("CUPTI").remedy == "pip install 'nvidia-cuda-cupti==13.4.*'"
    versions["nvidia-cuda-cupti"] = "13.4.92"
    assert found("CUPTI").state is State.OK
    monkeypatch.setattr(doctor_facts, "_CUPTI_NEEDS", ("json", "no_such_package"))
    assert "no_such_package" in found("CUPTI").text


def test_that_a_broken_library_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("libcupy.so: cannot open shared object file")

    monkeypatch.setattr(doctor_facts, "load_cupy", broken)
    assert "cannot open shared object file" in found("CuPy").text


def test_that_the_verb_prints_a_table_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    assert "CUDA devices cannot be used: driver, CuPy" in capsys.readouterr().out.replace("\n", " ")
    assert run(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert findings[0] == {
        "subject": "driver",
        "state": "missing",
        "text": "no NVIDIA driver is installed",
        "remedy": doctor_facts._DRIVER_COMMAND,
    }
