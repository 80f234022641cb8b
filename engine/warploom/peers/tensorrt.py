"""TensorRT as a peer: builder, engine, context, with auxiliary streams, replayed as a CUDA graph."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.onnx_runtime import half_model
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import WARM_UP_SECONDS

if TYPE_CHECKING:
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class TensorRtPeer:
    """TensorRT through its Python interface; PyTorch holds the memory and takes the time.

    Attributes:
        auxiliary_streams: How many further streams the builder may use; None leaves it to its heuristic.
    """

    auxiliary_streams: int | None = None

    gpu = True

    @property
    def name(self) -> str:
        return "tensorrt" if self.auxiliary_streams is None else f"tensorrt-{self.auxiliary_streams}-streams"

    @property
    def title(self) -> str:
        extra = "" if self.auxiliary_streams is None else f" with {self.auxiliary_streams} auxiliary streams"
        return f"TensorRT in a CUDA graph{extra}"

    def find(self) -> Availability:
        try:
            import tensorrt
            import torch
        except (ImportError, OSError) as error:
            return Availability(reason=f"TensorRT or PyTorch is not installed ({error}).")
        if not torch.cuda.is_available():
            return Availability(tensorrt.__version__, "There is no NVIDIA GPU.")
        return Availability(tensorrt.__version__)

    def load(self, problem: Problem) -> LoadedPeer:
        import tensorrt
        import torch

        engine = _build(tensorrt, problem, self.auxiliary_streams)
        return _Engine(torch, engine, problem.inputs)


def _build(trt: ModuleType, problem: Problem, auxiliary_streams: int | None) -> Any:
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    # A strongly typed network takes its precision from the file; older releases take it from flags.
    half = problem.precision is Precision.FP16
    strongly = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(1 << int(strongly) if strongly is not None and half else 0)
    parser = trt.OnnxParser(network, logger)
    model = half_model(problem.path, problem.precision) if half else problem.path.read_bytes()
    if not parser.parse(model):
        raise PeerError(f"TensorRT cannot read the model: {parser.get_error(0).desc()}")
    config = builder.create_builder_config()
    if problem.precision is Precision.FP32:
        config.clear_flag(trt.BuilderFlag.TF32)
    if problem.precision is Precision.BF16:
        config.set_flag(trt.BuilderFlag.BF16)
    if auxiliary_streams is not None:
        config.max_aux_streams = auxiliary_streams
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise PeerError("TensorRT could not build an engine for the model.")
    return trt.Runtime(logger).deserialize_cuda_engine(plan)


class _Engine:
    def __init__(self, torch: Any, engine: Any, inputs: Mapping[str, Array]) -> None:
        self._torch = torch
        self._engine = engine
        self._context = engine.create_execution_context()
        self._stream = torch.cuda.Stream()
        self._buffers = {name: torch.tensor(array, device="cuda") for name, array in inputs.items()}
        self._outputs = [
            name for name in (engine.get_tensor_name(i) for i in range(engine.num_io_tensors)) if name not in inputs
        ]
        for name in self._outputs:
            shape = tuple(self._context.get_tensor_shape(name))
            self._buffers[name] = torch.empty(shape, device="cuda", dtype=_torch_type(torch, engine, name))
        for name, buffer in self._buffers.items():
            self._context.set_tensor_address(name, buffer.data_ptr())
        self._graph = self._capture()

    def run(self) -> dict[str, Array]:
        self._graph.replay()
        self._torch.cuda.synchronize()
        return {name: self._buffers[name].float().cpu().numpy() for name in self._outputs}

    def measure(self, repeats: int) -> Timing:
        begin, end = (self._torch.cuda.Event(enable_timing=True) for _ in range(2))
        until = time.perf_counter() + WARM_UP_SECONDS
        while time.perf_counter() < until:
            self._graph.replay()
            self._torch.cuda.synchronize()
        samples = []
        for _ in range(repeats):
            begin.record()
            self._graph.replay()
            end.record()
            end.synchronize()
            samples.append(1e3 * begin.elapsed_time(end))
        return Timing(tuple(samples), "events")

    def _capture(self) -> Any:
        with self._torch.cuda.stream(self._stream):
            for _ in range(3):
                self._context.execute_async_v3(self._stream.cuda_stream)
        self._torch.cuda.synchronize()
        graph = self._torch.cuda.CUDAGraph()
        with self._torch.cuda.graph(graph, stream=self._stream):
            self._context.execute_async_v3(self._stream.cuda_stream)
        return graph


def _torch_type(torch: Any, engine: Any, name: str) -> Any:
    kind = str(engine.get_tensor_dtype(name)).rpartition(".")[2].lower()
    return {"half": torch.float16, "bf16": torch.bfloat16, "int32": torch.int32, "int64": torch.int64}.get(
        kind, torch.float32
    )
