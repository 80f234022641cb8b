"""PyTorch as a peer: eager, captured into a CUDA graph, compiled in three ways, and on the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.interpret import check_operators, execute
from warploom.peers.frameworks.torch_code import plain_module
from warploom.peers.frameworks.torch_operations import TorchOperations
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import WARM_UP_SECONDS, wall_clock

EAGER, GRAPH, COMPILED, AUTOTUNED, REDUCED = "eager", "graph", "compiled", "autotuned", "reduce-overhead"
_TITLES = {
    EAGER: "PyTorch, eager",
    GRAPH: "PyTorch in a CUDA graph",
    COMPILED: "PyTorch, compiled, in a CUDA graph",
    AUTOTUNED: "PyTorch, compiled (max-autotune), in a CUDA graph",
    REDUCED: "PyTorch, compiled (reduce-overhead)",
}
_COMPILE_MODES = {COMPILED: "default", AUTOTUNED: "max-autotune-no-cudagraphs", REDUCED: "reduce-overhead"}
_WARM_UP_CALLS = 3

Call = Callable[[], tuple[Any, ...]]
"""Executes the network on the problem's inputs; its outputs in order."""


@dataclass(frozen=True, slots=True)
class TorchPeer:
    """PyTorch on one device.

    Attributes:
        mode: "eager", "graph" (all kernels of the eager network captured once and replayed), "compiled" and
            "autotuned" (what torch.compile generates, captured likewise: no time of the host counts), or
            "reduce-overhead" (torch.compile with its own CUDA graphs, as its users call it).
        gpu: Whether on the GPU.
    """

    mode: str
    gpu: bool = True

    @property
    def name(self) -> str:
        return f"torch-{self.mode}" if self.gpu else f"torch-cpu-{self.mode}"

    @property
    def title(self) -> str:
        title = _TITLES[self.mode]
        return title if self.gpu else f"{title.removesuffix(', in a CUDA graph')}, on the CPU"

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
        inputs = {name: ops.constant(array) for name, array in problem.inputs.items()}
        weights = {name: ops.constant(one.numpy().copy()) for name, one in problem.graph.constants.items()}
        module = plain_module(torch, lambda values: execute(problem.graph, values, ops), weights, inputs)
        call = _caller(torch, self.mode, module, tuple(inputs.values()), gpu=self.gpu)
        return _Loaded(torch, call, problem.graph.outputs, gpu=self.gpu)


def _set_precision(torch: Any, precision: Precision) -> None:
    tf32 = precision is not Precision.FP32
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32


def _floating(torch: Any, precision: Precision, *, gpu: bool) -> Any:
    if not gpu and precision is not Precision.FP32:
        raise PeerError("PyTorch on the CPU is run in fp32 only.")
    return {Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}.get(precision, torch.float32)


def _caller(torch: Any, mode: str, module: Any, inputs: tuple[Any, ...], *, gpu: bool) -> Call:
    if mode in _COMPILE_MODES:
        import torch._inductor.config as inductor

        inductor.freezing = True  # weights are constants, as they are for everybody else here
        module = torch.compile(module, mode=_COMPILE_MODES[mode], dynamic=False, fullgraph=True)
    if gpu and mode in (GRAPH, COMPILED, AUTOTUNED):
        return _captured(torch, module, inputs)
    return lambda: module(*inputs)


def _captured(torch: Any, module: Any, inputs: tuple[Any, ...]) -> Call:
    """A replay of the module's kernels, captured once; its outputs stay where the replay writes them."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode(), torch.cuda.stream(stream):
        for _ in range(_WARM_UP_CALLS):
            module(*inputs)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph):
        outputs = tuple(module(*inputs))

    def replay() -> tuple[Any, ...]:
        graph.replay()
        return outputs

    return replay


class _Loaded:
    def __init__(self, torch: Any, call: Call, outputs: Sequence[str], *, gpu: bool) -> None:
        self._torch = torch
        self._call = call
        self._outputs = outputs
        self._gpu = gpu
        with torch.inference_mode():
            for _ in range(_WARM_UP_CALLS):
                call()
            self._wait()

    def run(self) -> dict[str, Array]:
        with self._torch.inference_mode():
            values = self._call()
        return {name: _to_numpy(value) for name, value in zip(self._outputs, values, strict=True)}

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
