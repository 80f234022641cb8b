"""TVM as a peer: the ONNX file through Relax, compiled for the GPU (or the CPU) without auto-tuning."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.onnx_runtime import half_model
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import wall_clock


@dataclass(frozen=True, slots=True)
class TvmPeer:
    """TVM on one target.

    Attributes:
        gpu: Whether for the GPU.
    """

    gpu: bool = True

    @property
    def name(self) -> str:
        return "tvm" if self.gpu else "tvm-cpu"

    @property
    def title(self) -> str:
        return "TVM" if self.gpu else "TVM, on the CPU"

    def find(self) -> Availability:
        try:
            import tvm
            from tvm.relax.frontend import onnx as _frontend  # noqa: F401
        except (ImportError, OSError) as error:
            return Availability(reason=f"TVM with Relax is not installed ({error}).")
        if self.gpu and not tvm.cuda(0).exist:
            return Availability(tvm.__version__, "This TVM sees no NVIDIA GPU.")
        return Availability(tvm.__version__)

    def load(self, problem: Problem) -> LoadedPeer:
        import tvm
        from tvm import relax
        from tvm.relax.frontend.onnx import from_onnx

        model = _model(problem)
        shapes = {name: list(array.shape) for name, array in problem.inputs.items()}
        module = from_onnx(model, shape_dict=shapes, keep_params_in_input=False)
        device = tvm.cuda(0) if self.gpu else tvm.cpu(0)
        target = tvm.target.Target.from_device(device)
        with target:
            module = relax.get_pipeline("zero")(module)
            if self.gpu:
                module = _scheduled(tvm, module)
        machine = relax.VirtualMachine(relax.build(module, target), device)
        to_device = tvm.runtime.tensor if hasattr(tvm.runtime, "tensor") else tvm.nd.array  # older releases
        inputs = [to_device(array, device) for array in problem.inputs.values()]
        return _Loaded(machine, inputs, problem.graph.outputs, device)


def _model(problem: Problem) -> Any:
    """The file, in half precision where that is asked for."""
    from warploom.importer.half import parse_proto, read_proto

    if problem.precision is Precision.FP32:
        return read_proto(problem.path)
    if problem.precision is not Precision.FP16:
        raise PeerError("The adapter of TVM runs fp32 and fp16.")
    return parse_proto(half_model(problem.path, problem.precision))


def _scheduled(tvm: Any, module: Any) -> Any:
    """Kernels by TVM's rules for GPUs: without them nothing of the program runs in parallel."""
    dlight = tvm.dlight if hasattr(tvm, "dlight") else importlib.import_module("tvm.s_tir.dlight")  # it moved
    rules = dlight.gpu
    return dlight.ApplyDefaultSchedule(
        rules.Matmul(), rules.GEMV(), rules.Reduction(), rules.GeneralReduction(), rules.Fallback()
    )(module)


class _Loaded:
    def __init__(self, machine: Any, inputs: list[Any], names: tuple[str, ...], device: Any) -> None:
        self._machine = machine
        self._inputs = inputs
        self._names = names
        self._device = device
        self._call()

    def run(self) -> dict[str, Array]:
        result = self._call()
        results = [result] if hasattr(result, "numpy") else list(result)
        return {name: np.asarray(one.numpy()) for name, one in zip(self._names, results, strict=True)}

    def measure(self, repeats: int) -> Timing:
        return wall_clock(self._call, repeats)

    def _call(self) -> Any:
        result = self._machine["main"](*self._inputs)
        self._device.sync()
        return result
