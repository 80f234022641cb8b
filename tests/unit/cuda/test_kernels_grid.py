"""The whole operator grid, as the GPU tests have it, with the generated text of the kernels run on the CPU."""

from __future__ import annotations

import pytest

from cuda_host import compiler
from cuda_host_device import HostDevice
from gpu_checks.batch import run_cases
from gpu_checks.grid import FAMILIES
from warploom.graph import Precision

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")

# Each family in the precision where it is most likely to break; all precisions of all families run on a GPU.
_FP16 = ("depthwise", "pool", "softmax", "norm", "chains", "join", "separable", "binary")
_BF16 = ("absorb", "pool_global")


def _precision(family: str) -> Precision:
    return Precision.FP16 if family in _FP16 else Precision.BF16 if family in _BF16 else Precision.FP32


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("conv", "gemm")])
def test_that_the_text_of_kernels_computes_what_onnxruntime_does(family: str) -> None:
    members = FAMILIES[family]
    outcomes = run_cases(HostDevice(), members.cases(), _precision(family), opset=members.opset)
    wrong = [f"{outcome.case}: {outcome.message}" for outcome in outcomes if outcome.status == "failed"]
    refused = {outcome.case for outcome in outcomes if outcome.status == "unsupported"}
    assert not wrong, "\n".join(wrong)
    assert not refused


@pytest.mark.parametrize("family", ["conv_grouped", "conv_transposed", "conv_ranks", "gemm", "matmul", "epilogue"])
def test_that_own_kernels_compute_what_libraries_do(family: str) -> None:
    """Where no library has a kernel, there is one all the same."""
    members = FAMILIES[family]
    outcomes = run_cases(HostDevice(libraries=False), members.cases(), Precision.FP32, opset=members.opset)
    wrong = [f"{outcome.case}: {outcome.message}" for outcome in outcomes if outcome.status != "passed"]
    assert not wrong, "\n".join(wrong)
