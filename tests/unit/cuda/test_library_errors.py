"""What CUDA libraries raise becomes one sentence that names the call, the error and what helps."""

from __future__ import annotations

import pytest

from warploom.device.cuda.errors import CudaError, DeviceMemoryError, check, cuda_call, is_sticky
from warploom.errors import DeviceError


def _library_error(name: str, text: str, module: str = "cupy_backends.cuda.api.runtime") -> Exception:
    return type(name, (RuntimeError,), {"__module__": module})(text)


@pytest.mark.parametrize(
    ("name", "sticky"),
    [
        ("cudaErrorIllegalAddress", True),
        ("CUDA_ERROR_ILLEGAL_ADDRESS", True),
        ("cudaErrorLaunchFailure", True),
        ("CUDA_ERROR_LAUNCH_FAILED", True),
        ("cudaErrorECCUncorrectable", True),
        ("cudaErrorInvalidValue", False),
        ("CUDNN_STATUS_NOT_SUPPORTED", False),
        ("", False),
    ],
)
def test_that_errors_that_cost_the_process_are_known(name: str, sticky: bool) -> None:
    assert is_sticky(name) is sticky
    with pytest.raises(CudaError, match="replaying the graph failed") as caught, cuda_call("replaying the graph"):
        raise _library_error("CUDARuntimeError", f"{name}: something happened") if name else _library_error("E", "x")
    assert caught.value.sticky is sticky
    assert caught.value.name == name


def test_that_missing_memory_is_named_in_bytes() -> None:
    with pytest.raises(DeviceMemoryError) as caught, cuda_call("allocating the arena", 3 << 30, 1 << 20):
        raise _library_error("CUDARuntimeError", "cudaErrorMemoryAllocation: out of memory")
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (3 << 30, 1 << 20)
    assert "3,072.0 MiB needed, 1.0 MiB free" in str(caught.value)
    assert "allocating the arena" in str(caught.value)


def test_that_an_old_driver_gets_the_advice_to_update_it() -> None:
    with pytest.raises(CudaError, match="too old for this CUDA version: update the driver"), cuda_call("starting"):
        raise _library_error("CUDARuntimeError", "cudaErrorInsufficientDriver: CUDA driver version is insufficient")


def test_that_errors_of_other_origin_pass_unchanged() -> None:
    with pytest.raises(KeyError), cuda_call("anything"):
        raise KeyError("tensor")
    own = DeviceError("already said")
    with pytest.raises(DeviceError) as caught, cuda_call("anything"):
        raise own
    assert caught.value is own


def test_that_statuses_of_cublaslt_are_named() -> None:
    check(0, "cublasLtMatmul")
    with pytest.raises(CudaError, match="cublasLtMatmul failed: CUBLAS_STATUS_NOT_SUPPORTED"):
        check(15, "cublasLtMatmul")
    with pytest.raises(DeviceMemoryError):
        check(3, "cublasLtCreate")
    with pytest.raises(CudaError, match="CUBLAS_STATUS_77"):
        check(77, "cublasLtMatmul")
