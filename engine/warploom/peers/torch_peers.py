"""PyTorch as a peer: eager, captured into a CUDA graph, compiled, and eager on the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.interpret import check_operators, execute
from warploom.peers.frameworks.torch_operations import TorchOperations
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import WARM_UP_SECONDS, wall_clock

EAGER, GRAPH, COMPILED = "eager", "graph", "compiled"
_TITLES = {EAGER: "PyTorch, eager", GRAPH: "PyTorch in a CUDA graph", COMPILED: "PyTorch, compiled (max-autotune)"}
_WARM_UP_CALLS = 3


@dataclass(frozen=True, slots=True)
class TorchPeer:
    """PyTorch on one device.

    Attributes:
        mode: "eager", "graph" or "compiled".
        gpu: Whether on the GPU.
    """

    mode: str
    gpu: bool = True

    @property
    def name(self) -> str:
        return f"torch-{self.mode}" if self.gpu else f"torch-cpu-{self.mode}"

    @property
    def title(self) -> str:
        return _TITLES[self.mode] if self.gpu else f"{_TITLES[self.mode]}, on the CPU"

    def find(self) -> Availability:
        try:
            import torch
        except (ImportError, OSError) as error:
            return Availability(reason=f"PyTorch is not installed ({error}).")
        if self.gpu and not torch.cuda.is_available():
            return Availability(str(torch.__version__), "PyTorch sees no NVIDIA GPU.")
        return Availability(str(torch.__version__))

    def load(self, problem: Problem) -> LoadedPeer:
        import torch

        check_operators(problem.graph, self.title)
        _set_precision(torch, problem.precision)
        device = "cuda" if self.gpu else "cpu"
        ops = TorchOperations(torch, device, _floating(torch, problem.precision, gpu=self.gpu))
        model = _module(torch, problem, ops)
        inputs = {name: ops.constant(array) for name, array in problem.inputs.items()}
        call = _caller(torch, self.mode, model, inputs)
        return _Loaded(torch, call, gpu=self.gpu)


def _set_precision(torch: Any, precision: Precision) -> None:
    tf32 = precision is not Precision.FP32
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32


def _floating(torch: Any, precision: Precision, *, gpu: bool) -> Any:
    if not gpu and precision is not Precision.FP32:
        raise PeerError("PyTorch on the CPU is run in fp32 only.")
    return {Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}.get(precision, torch.float32)


def _module(torch: Any, problem: Problem, ops: TorchOperations) -> Any:
    """A module that executes the graph; its weights are buffers, so that a compiler can fold them."""
    graph = problem.graph
    names = {name: f"weight_{i}" for i, name in enumerate(graph.constants)}

    class Network(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, attribute in names.items():
                self.register_buffer(attribute, ops.constant(graph.constants[name].numpy().copy()))

        def forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
            weights = {name: getattr(self, attribute) for name, attribute in names.items()}
            return execute(graph, {**weights, **inputs}, ops)

    return Network().eval()


def _caller(torch: Any, mode: str, model: Any, inputs: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    if mode == EAGER:
        return lambda: model(inputs)
    if mode == COMPILED:
        import torch._inductor.config as inductor

        inductor.freezing = True
        compiled = torch.compile(model, mode="max-autotune")
        return lambda: compiled(inputs)
    return _captured(torch, model, inputs)


def _captured(torch: Any, model: Any, inputs: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """A replay of the model's kernels, captured once."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode(), torch.cuda.stream(stream):
        for _ in range(_WARM_UP_CALLS):
            model(inputs)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph):
        outputs = model(inputs)

    def replay() -> dict[str, Any]:
        graph.replay()
        return dict(outputs)

    return replay


class _Loaded:
    def __init__(self, torch: Any, call: Callable[[], dict[str, Any]], *, gpu: bool) -> None:
        self._torch = torch
        self._call = call
        self._gpu = gpu
        with torch.inference_mode():
            for _ in range(_WARM_UP_CALLS):
                call()
            self._wait()

    def run(self) -> dict[str, Array]:
        with self._torch.inference_mode():
            outputs = self._call()
        return {name: _to_numpy(value) for name, value in outputs.items()}

    def measure(self, repeats: int) -> Timing:
        with self._torch.inference_mode():
            if not self._gpu:
                return wall_clock(self._call, repeats)
            return self._by_events(repeats)

    def _by_events(self, repeats: int) -> Timing:
        begin, end = (self._torch.cuda.Event(enable_timing=True) for _ in range(2))
        until = time.perf_counter() + WARM_UP_SECONDS
        while time.perf_counter() < until:
            self._call()
            self._wait()
        samples = []
        for _ in range(repeats):
            begin.record()
            self._call()
            end.record()
            end.synchronize()
            samples.append(1e3 * begin.elapsed_time(end))
        return Timing(tuple(samples), "events")

    def _wait(self) -> None:
        if self._gpu:
            self._torch.cuda.synchronize()


def _to_numpy(tensor: Any) -> Array:
    tensor = tensor.detach().cpu()
    result: Array = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return result
