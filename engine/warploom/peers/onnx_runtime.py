"""ONNX Runtime as a peer: on the CPU, on CUDA, on CUDA in a CUDA graph, and through TensorRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warploom.graph import Precision
from warploom.onnx_runtime import load_onnx_runtime
from warploom.peers.errors import PeerError
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import wall_clock

CPU, CUDA, CUDA_GRAPH, TENSORRT = "cpu", "cuda", "cuda-graph", "tensorrt"
_TITLES = {
    CPU: "ONNX Runtime, on the CPU",
    CUDA: "ONNX Runtime",
    CUDA_GRAPH: "ONNX Runtime in a CUDA graph",
    TENSORRT: "ONNX Runtime with TensorRT",
}
_PROVIDERS = {CPU: "CPU", CUDA: "CUDA", CUDA_GRAPH: "CUDA", TENSORRT: "Tensorrt"}


@dataclass(frozen=True, slots=True)
class OnnxRuntimePeer:
    """ONNX Runtime with one execution provider.

    Attributes:
        mode: "cpu", "cuda", "cuda-graph" or "tensorrt".
    """

    mode: str

    @property
    def name(self) -> str:
        return f"ort-{self.mode}"

    @property
    def title(self) -> str:
        return _TITLES[self.mode]

    @property
    def gpu(self) -> bool:
        return self.mode != CPU

    def find(self) -> Availability:
        try:
            onnxruntime = load_onnx_runtime()
        except ImportError:
            return Availability(reason="ONNX Runtime is not installed.")
        if self._provider not in onnxruntime.get_available_providers():
            return Availability(onnxruntime.__version__, f"This ONNX Runtime was built without {self._provider}.")
        return Availability(onnxruntime.__version__)

    def load(self, problem: Problem) -> LoadedPeer:
        onnxruntime = load_onnx_runtime()
        if self.gpu and hasattr(onnxruntime, "preload_dlls"):
            onnxruntime.preload_dlls()  # of CUDA and cuDNN, where packages brought them
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = 3
        model = _with_precision(problem, gpu=self.gpu)
        session = onnxruntime.InferenceSession(model, settings, providers=self._providers(problem.precision))
        if session.get_providers()[0] != self._provider:
            raise PeerError(f"ONNX Runtime could not start {self._provider}: its libraries are missing or too old.")
        return _Bound(session, problem.inputs) if self.gpu else _Session(session, problem.inputs)

    @property
    def _provider(self) -> str:
        return f"{_PROVIDERS[self.mode]}ExecutionProvider"

    def _providers(self, precision: Precision) -> Sequence[Any]:
        tf32 = "0" if precision is Precision.FP32 else "1"
        cuda = {"cudnn_conv_algo_search": "EXHAUSTIVE", "use_tf32": tf32, "prefer_nhwc": "1"}
        match self.mode:
            case "cpu":
                return [self._provider]
            case "cuda":
                return [(self._provider, cuda)]
            case "cuda-graph":
                return [(self._provider, cuda | {"enable_cuda_graph": "1"})]
        half = {"trt_fp16_enable": precision is Precision.FP16, "trt_bf16_enable": precision is Precision.BF16}
        return [(self._provider, half | {"trt_cuda_graph_enable": True}), ("CUDAExecutionProvider", cuda)]


def _with_precision(problem: Problem, *, gpu: bool) -> str | bytes:
    """The model file, or the model with its floats converted where 16 bits are asked for."""
    if problem.precision in (Precision.FP32, Precision.TF32):
        return str(problem.path)
    if not gpu:
        raise PeerError("ONNX Runtime on the CPU is run in fp32 only.")
    return half_model(problem.path, problem.precision)


def half_model(path: Path, precision: Precision) -> bytes:
    """The model with 16-bit weights and arithmetic; inputs and outputs stay float32.

    Raises:
        PeerError: If there is no converter to the precision.
        ModelImportError: If the file cannot be converted.
    """
    if precision is Precision.BF16:
        raise PeerError("There is no converter of ONNX files to bf16.")
    from warploom.importer.half import half_model as convert

    return convert(path)


class _Session:
    """Feeds from the host; on the CPU nothing is copied."""

    def __init__(self, session: Any, inputs: Mapping[str, Array]) -> None:
        self._session = session
        self._inputs = dict(inputs)
        self._names = [output.name for output in session.get_outputs()]

    def run(self) -> dict[str, Array]:
        return dict(zip(self._names, self._session.run(None, self._inputs), strict=True))

    def measure(self, repeats: int) -> Timing:
        return wall_clock(lambda: self._session.run(None, self._inputs), repeats)


class _Bound:
    """Inputs and outputs stay on the GPU at the same addresses, as a CUDA graph needs it."""

    def __init__(self, session: Any, inputs: Mapping[str, Array]) -> None:
        onnxruntime = load_onnx_runtime()
        self._session = session
        self._binding = session.io_binding()
        self._kept = [onnxruntime.OrtValue.ortvalue_from_numpy(array, "cuda", 0) for array in inputs.values()]
        for name, value in zip(inputs, self._kept, strict=True):
            self._binding.bind_ortvalue_input(name, value)
        self._names = [output.name for output in session.get_outputs()]
        session.run(None, dict(inputs))
        for output in session.get_outputs():
            kind = {"tensor(float)": "float32", "tensor(int64)": "int64"}.get(output.type, "float32")
            value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(output.shape, kind, "cuda", 0)
            self._kept.append(value)
            self._binding.bind_ortvalue_output(output.name, value)
        for _ in range(3):
            self._execute()

    def run(self) -> dict[str, Array]:
        self._execute()
        return dict(zip(self._names, self._binding.copy_outputs_to_cpu(), strict=True))

    def measure(self, repeats: int) -> Timing:
        return wall_clock(self._execute, repeats)

    def _execute(self) -> None:
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
