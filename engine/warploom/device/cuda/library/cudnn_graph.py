"""Describes steps to cuDNN as operation graphs: convolution or product, bias, residual, activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library.images import LibraryTensor, conv_tensors
from warploom.device.cuda.library.products import Matrix, Product, matmul_product
from warploom.device.cuda.library.signature import LibraryStep
from warploom.device.cuda.steps import ConvStep, MatmulStep
from warploom.graph import DType, Precision

UIDS: Mapping[str, int] = {"x": 1, "w": 2, "a": 1, "b": 2, "y": 3, "bias": 4, "residual": 5}
"""Numbers of the tensors in cuDNN's graphs, by role."""

_MOST_WORKSPACE_BYTES = 32 << 20
_MOST_BATCH_DIMENSIONS = 2

_DATA_TYPES: Mapping[DType, str] = {DType.FLOAT32: "FLOAT", DType.FLOAT16: "HALF", DType.BFLOAT16: "BFLOAT16"}

# What a plan may not do. Sums in less than float32 and Winograd's transforms cost accuracy; replays of a graph must
# agree to the last bit, so no atomic sums. FP32 also forbids tensor cores, which would round inputs to TF32.
_UNWANTED_NOTES = ("DOWN_CONVERT_INPUTS", "REDUCED_PRECISION_REDUCTION", "WINOGRAD", "FFT", "NONDETERMINISTIC")

_ACTIVATIONS: Mapping[str, Callable[..., Any]] = {
    "Relu": lambda graph, y: graph.relu(input=y),
    "LeakyRelu": lambda graph, y, slope: graph.leaky_relu(input=y, negative_slope=slope),
    "Clip": lambda graph, y, low, high: graph.relu(input=y, lower_clip=low, upper_clip=high),
    "Elu": lambda graph, y, _: graph.elu(input=y),
    "Sigmoid": lambda graph, y: graph.sigmoid(input=y),
    "Tanh": lambda graph, y: graph.tanh(input=y),
    "Swish": lambda graph, y, beta: graph.swish(input=y, swish_beta=beta),
    "Gelu": lambda graph, y, form: (graph.gelu_approx_tanh if form == "tanh" else graph.gelu)(input=y),
}


def has_activation(activation: tuple[str | float, ...]) -> bool:
    """Whether cuDNN has an activation exactly as it is meant."""
    match activation:
        case ():
            return True
        case ("Clip", low, high):
            return float(low) == 0.0 < float(high) < float("inf")
        case ("Elu", alpha):
            return alpha == 1.0
        case (name, *_):
            return name in _ACTIVATIONS
    return False


class GraphBuilder:
    """Builds cuDNN graphs.

    Args:
        cudnn: The module.
        handle: cuDNN's handle.
    """

    def __init__(self, cudnn: Any, handle: int) -> None:
        self._cudnn = cudnn
        self._handle = handle

    def planned(
        self, step: LibraryStep, precision: Precision, bias_dtype: DType | None, *, run_time: bool = False
    ) -> Any:
        """A graph of the step whose plans are listed, but not built.

        Args:
            step: The step.
            precision: The arithmetic.
            bias_dtype: Type of the bias, None without one.
            run_time: Whether to end the graph in one more operation that changes nothing, which no kernel that ships
                compiled knows.

        Raises:
            CudaError: If cuDNN has no such activation.
            Exception: Whatever cuDNN raises where it has no plan.
        """
        if not has_activation(step.activation):
            raise CudaError(f"cuDNN has no activation {step.activation}.", call="planning a cuDNN graph")
        graph = self._graph(step, bias_dtype, run_time)
        modes = self._cudnn.heur_mode
        graph.validate()
        graph.build_operation_graph()
        graph.create_execution_plans([modes.A, modes.FALLBACK] if precision is Precision.FP32 else [modes.A])
        notes = (*_UNWANTED_NOTES, "TENSOR_CORE") if precision is Precision.FP32 else _UNWANTED_NOTES
        graph.deselect_numeric_notes([getattr(self._cudnn.numerical_note, note) for note in notes])
        graph.deselect_workspace_greater_than(_MOST_WORKSPACE_BYTES)
        graph.check_support()
        return graph

    def empty(self) -> Any:
        """A graph to deserialize a plan into."""
        return self._cudnn.pygraph(handle=self._handle)

    def _graph(self, step: LibraryStep, bias_dtype: DType | None, run_time: bool) -> Any:
        types = self._cudnn.data_type
        graph = self._cudnn.pygraph(
            io_data_type=self._type(step.y.layout.dtype),
            intermediate_data_type=types.FLOAT,
            compute_data_type=types.FLOAT,
            handle=self._handle,
        )
        tensors = dict(_tensors(step))
        if bias_dtype is not None:
            tensors["bias"] = LibraryTensor(tensors["bias"].dims, tensors["bias"].strides, bias_dtype)
        made = {role: self._tensor(graph, role, tensor) for role, tensor in tensors.items() if role != "y"}
        y = _convolution(graph, step, made) if isinstance(step, ConvStep) else graph.matmul(A=made["a"], B=made["b"])
        # Outputs of inner operations get their sizes by inference, except those of the gradient form.
        if isinstance(step, ConvStep) and step.transposed:
            y.set_dim(list(tensors["y"].dims)).set_stride(list(tensors["y"].strides))
        if "bias" in made:
            y = graph.bias(input=y, bias=made["bias"]) if isinstance(step, ConvStep) else graph.add(a=y, b=made["bias"])
        if "residual" in made:
            y = graph.add(a=y, b=made["residual"])
        if step.activation:
            y = _ACTIVATIONS[str(step.activation[0])](graph, y, *step.activation[1:])
        if run_time:
            y = graph.relu(input=y) if step.activation == ("Relu",) else graph.identity(input=y)
        y.set_output(True).set_data_type(self._type(tensors["y"].dtype)).set_uid(UIDS["y"])
        y.set_dim(list(tensors["y"].dims)).set_stride(list(tensors["y"].strides))
        return graph

    def _tensor(self, graph: Any, role: str, tensor: LibraryTensor) -> Any:
        return graph.tensor(
            name=role,
            dim=list(tensor.dims),
            stride=list(tensor.strides),
            data_type=self._type(tensor.dtype),
            uid=UIDS[role],
        )

    def _type(self, dtype: DType) -> Any:
        return getattr(self._cudnn.data_type, _DATA_TYPES[dtype])


def _convolution(graph: Any, step: ConvStep, made: Mapping[str, Any]) -> Any:
    top, left, bottom, right = step.pads
    geometry = {
        "pre_padding": [top, left],
        "post_padding": [bottom, right],
        "stride": list(step.strides),
        "dilation": list(step.dilations),
    }
    if step.transposed:
        return graph.conv_dgrad(loss=made["x"], filter=made["w"], **geometry)
    return graph.conv_fprop(image=made["x"], weight=made["w"], **geometry)


def _tensors(step: LibraryStep) -> Mapping[str, LibraryTensor]:
    return conv_tensors(step) if isinstance(step, ConvStep) else _matmul_tensors(step)


def _matmul_tensors(step: MatmulStep) -> Mapping[str, LibraryTensor]:
    product = matmul_product(step)
    if len(product.batches) > _MOST_BATCH_DIMENSIONS:
        raise CudaError("cuDNN multiplies matrices in at most two batch dimensions.", call="cuDNN matmul")
    dtype = step.y.layout.dtype
    tensors = {
        "a": _matrix(product, product.a, product.m, product.k, step.a.layout.dtype),
        "b": _matrix(product, product.b, product.k, product.n, step.b.layout.dtype),
        "y": _matrix(product, product.y, product.m, product.n, dtype),
    }
    if product.residual is not None:
        tensors["residual"] = _matrix(product, product.residual, product.m, product.n, dtype)
    if step.bias is not None:
        ones = (1,) * (len(product.batches) or 1)
        tensors["bias"] = LibraryTensor((*ones, 1, product.n), (*ones, product.n, 1), step.bias.layout.dtype)
    return tensors


def _matrix(product: Product, matrix: Matrix, rows: int, columns: int, dtype: DType) -> LibraryTensor:
    """A matrix with at least one batch dimension; shared by all batches, it has batches of size 1."""
    sizes, strides = product.batches or (1,), matrix.batches or (0,)
    dense = rows * matrix.down if matrix.along == 1 else columns * matrix.along
    batches = [size if stride else 1 for size, stride in zip(sizes, strides, strict=True)]
    steps = [stride or dense for stride in strides]
    return LibraryTensor((*batches, rows, columns), (*steps, matrix.down, matrix.along), dtype)
