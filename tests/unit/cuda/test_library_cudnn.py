"""Steps as cuDNN is told of them, and its plans kept and restored, with the frontend made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from library_steps import conv_step, matmul_step, transposed_step
from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library.cudnn_graph import UIDS, GraphBuilder, has_activation
from warploom.device.cuda.library.cudnn_source import CudnnSource, forms
from warploom.device.cuda.library.plan import ChosenPlan
from warploom.graph import DType, Precision

_NOTES = ("TENSOR_CORE", "DOWN_CONVERT_INPUTS", "REDUCED_PRECISION_REDUCTION", "WINOGRAD", "FFT", "NONDETERMINISTIC")


class _Tensor:
    def __init__(self, **properties: Any) -> None:
        self.properties = properties

    def __getattr__(self, name: str) -> Any:
        def setter(value: Any) -> _Tensor:
            self.properties[name.removeprefix("set_")] = value
            return self

        if not name.startswith("set_"):
            raise AttributeError(name)
        return setter


class _Graph:
    """Records operations; offers three plans, of which the last is compiled at run time."""

    names = ("eng1", "eng2", "eng3")

    def __init__(self, log: list[Any], **properties: Any) -> None:
        self.log, self.properties = log, properties
        self.tensors: dict[str, _Tensor] = {}
        self.operations: list[str] = []
        self.arguments: dict[str, Any] = {}
        self.deselected: list[str] = []
        self.built: list[int] = []
        self.blob: list[int] | None = None
        self.output: _Tensor | None = None
        log.append(self)

    def tensor(self, **properties: Any) -> _Tensor:
        made = self.tensors[properties["name"]] = _Tensor(**properties)
        return made

    def deselect_numeric_notes(self, notes: list[str]) -> None:
        self.deselected += notes

    def get_execution_plan_count(self) -> int:
        return len(self.names)

    def get_plan_name_at_index(self, index: int) -> str:
        return self.names[index]

    def get_behavior_notes_for_plan_at_index(self, index: int) -> list[str]:
        return ["RUNTIME_COMPILATION"] if index == 2 else []

    def build_plan_at_index(self, index: int) -> None:
        if index == 1:
            raise RuntimeError("[cudnn_frontend] Error: Deselecting execution plan")
        self.built.append(index)

    def get_workspace_size_plan_at_index(self, index: int) -> int:
        return 1000 * index

    def serialize(self) -> list[int]:
        return list(f"plan {self.built[-1]}".encode())

    def deserialize(self, handle: int, blob: list[int]) -> None:
        assert handle == 7
        if bytes(blob) == b"stale":
            raise RuntimeError("CUDNN_STATUS_BAD_PARAM: built by another version")
        self.blob = blob

    def execute_plan_at_index(self, pack: dict[int, int], workspace: int, index: int, handle: int) -> None:
        self.log.append(("execute", pack, workspace, index, handle))

    def __getattr__(self, name: str) -> Any:
        def operation(*_: Any, **arguments: Any) -> Any:
            if name in ("validate", "build_operation_graph", "check_support") or name.startswith(("create", "desel")):
                self.arguments[name] = _
                return None
            self.operations.append(name)
            self.arguments[name] = arguments
            self.output = _Tensor()
            return self.output

        return operation


def _frontend() -> tuple[Any, list[Any]]:
    log: list[Any] = []
    cudnn = SimpleNamespace(
        data_type=SimpleNamespace(HALF="HALF", FLOAT="FLOAT", BFLOAT16="BFLOAT16"),
        heur_mode=SimpleNamespace(A="A", FALLBACK="FALLBACK"),
        numerical_note=SimpleNamespace(**{note: note for note in _NOTES}),
        behavior_note=SimpleNamespace(RUNTIME_COMPILATION="RUNTIME_COMPILATION"),
        pygraph=lambda **properties: _Graph(log, **properties),
        set_stream=lambda handle, stream: log.append(("stream", handle, stream)),
    )
    return cudnn, log


def _planned(step: Any, precision: Precision, bias: DType | None, **more: Any) -> _Graph:
    cudnn, log = _frontend()
    GraphBuilder(cudnn, 7).planned(step, precision, bias, **more)
    graph = log[0]
    assert isinstance(graph, _Graph)
    return graph


def test_that_a_convolution_is_told_with_its_epilogue_in_order() -> None:
    step = conv_step((1, 30, 9, 9), 20, (3, 3), pads=(1, 0, 2, 1), strides=(2, 1), residual=True)
    graph = _planned(step, Precision.FP16, DType.FLOAT32)
    assert graph.operations == ["conv_fprop", "bias", "add", "relu"]
    geometry = graph.arguments["conv_fprop"]
    assert (geometry["pre_padding"], geometry["post_padding"]) == ([1, 0], [2, 1])
    assert (geometry["stride"], geometry["dilation"]) == ([2, 1], [1, 1])
    assert graph.tensors["bias"].properties["data_type"] == "FLOAT"
    assert graph.tensors["x"].properties["dim"] == [1, 32, 9, 9]
    assert graph.output is not None
    assert graph.output.properties == {
        "output": True,
        "data_type": "HALF",
        "uid": UIDS["y"],
        "dim": [1, 24, 5, 8],
        "stride": [5 * 8 * 24, 1, 8 * 24, 24],
    }


def test_that_the_bias_has_the_type_of_the_form() -> None:
    graph = _planned(conv_step((1, 32, 9, 9), 32, (3, 3)), Precision.BF16, DType.BFLOAT16)
    assert graph.tensors["bias"].properties["data_type"] == "BFLOAT16"


@pytest.mark.parametrize(("activation", "last"), [(("Relu",), ["relu", "relu"]), ((), ["identity"])])
def test_that_the_run_time_form_ends_in_an_operation_that_changes_nothing(
    activation: tuple[str, ...], last: list[str]
) -> None:
    step = conv_step((1, 32, 9, 9), 32, (3, 3), dtype=DType.FLOAT32, activation=activation)
    graph = _planned(step, Precision.TF32, DType.FLOAT32, run_time=True)
    assert graph.operations == ["conv_fprop", "bias", *last]


def test_that_only_strict_float_forbids_tensor_cores_and_all_forbid_what_differs_between_runs() -> None:
    step = conv_step((1, 32, 9, 9), 32, (3, 3), dtype=DType.FLOAT32)
    strict, tf32 = (_planned(step, precision, DType.FLOAT32) for precision in (Precision.FP32, Precision.TF32))
    assert set(strict.deselected) == set(_NOTES)
    assert set(tf32.deselected) == set(_NOTES) - {"TENSOR_CORE"}
    assert strict.arguments["create_execution_plans"] == (["A", "FALLBACK"],)


def test_that_a_transposed_convolution_is_a_gradient_of_given_size() -> None:
    step = transposed_step((1, 16, 7, 7), 8, (3, 3), strides=(2, 2), pads=(1, 1, 1, 1), output_padding=(1, 1))
    graph = _planned(step, Precision.FP16, None)
    assert graph.operations == ["conv_dgrad"]
    assert graph.output is not None
    assert graph.output.properties["dim"] == [1, 8, 14, 14]


def test_that_a_product_has_a_batch_dimension_and_shares_what_is_broadcast() -> None:
    graph = _planned(matmul_step((3, 1, 24, 32), (2, 32, 40), bias=True), Precision.FP16, DType.FLOAT32)
    assert graph.operations == ["matmul", "add"]
    assert graph.tensors["a"].properties["dim"] == [3, 1, 24, 32]
    assert graph.tensors["b"].properties["dim"] == [1, 2, 32, 40]
    assert graph.tensors["bias"].properties["dim"] == [1, 1, 1, 40]
    single = _planned(matmul_step((24, 32), (32, 40)), Precision.FP16, None)
    assert single.tensors["a"].properties["dim"] == [1, 24, 32]


def _candidates(step: Any, precision: Precision) -> list[tuple[str, str]]:
    cudnn, _ = _frontend()
    found = CudnnSource(cudnn, 7, 1).candidates(step, precision)
    return [(candidate.source, candidate.name) for candidate in found]


def test_that_the_run_time_form_is_asked_for_only_where_the_plain_one_lists_other_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = conv_step((1, 32, 9, 9), 32, (3, 3), bias=False)
    plain = [("cudnn", name) for name in _Graph.names]
    assert _candidates(step, Precision.FP16) == [*plain, *(("cudnn-run-time", name) for name in _Graph.names)]
    monkeypatch.setattr(_Graph, "get_behavior_notes_for_plan_at_index", lambda *_: ["RUNTIME_COMPILATION"])
    assert _candidates(step, Precision.FP16) == plain


def test_that_a_kernel_built_ahead_is_restored_and_keeps_its_data() -> None:
    cudnn, log = _frontend()
    plan = ChosenPlan("key", "cudnn", "eng2", None, 512, float("inf"), b"its code")
    candidate = CudnnSource(cudnn, 7, 1).built_ahead(plan)
    assert (candidate.source, candidate.name, candidate.ahead) == ("cudnn", "eng2", True)
    kernel = candidate.build()
    assert (kernel.plan, kernel.data()) == (plan, b"its code")
    assert bytes(log[-1].blob) == b"its code"


@pytest.mark.parametrize(
    ("activation", "known"),
    [
        ((), True),
        (("Relu",), True),
        (("Clip", 0.0, 6.0), True),
        (("Clip", 0, 6), True),
        (("Clip", -1.0, 1.0), False),
        (("Clip", 0.0, float("inf")), False),
        (("Elu", 1.0), True),
        (("Elu", 0.5), False),
        (("Swish", 1.702), True),
        (("Gelu", "tanh"), True),
        (("Softplus",), False),
        (("Nothing",), False),
    ],
)
def test_that_only_activations_that_mean_the_same_are_told(activation: tuple[str | float, ...], known: bool) -> None:
    assert has_activation(activation) is known
    step = conv_step((1, 32, 9, 9), 32, (3, 3), activation=activation)
    if known:
        _planned(step, Precision.FP16, DType.FLOAT32)
    else:
        with pytest.raises(CudaError, match="no activation"):
            _planned(step, Precision.FP16, DType.FLOAT32)


def test_that_both_families_are_asked_for_where_both_have_kernels() -> None:
    def told(step: Any, precision: Precision) -> list[tuple[str, DType | None, bool]]:
        return [(form.source, form.bias_dtype, form.run_time) for form in forms(step, precision)]

    half, single = DType.FLOAT16, DType.FLOAT32
    conv = {"x": (1, 32, 9, 9), "k": 32, "kernel": (3, 3)}
    assert told(conv_step(**conv), Precision.FP16) == [("cudnn-narrow-bias", half, False), ("cudnn", single, False)]
    assert told(conv_step(**conv, dtype=single), Precision.TF32) == [
        ("cudnn", single, False),
        ("cudnn-run-time", single, True),
    ]
    assert told(conv_step(**conv, dtype=single), Precision.FP32) == [("cudnn", single, False)]
    assert told(conv_step(**conv, residual=True), Precision.FP16) == [("cudnn", single, False)]
    assert told(conv_step(**conv, activation=("Swish", 1.0)), Precision.FP16) == [("cudnn", single, False)]
    assert told(conv_step(**conv, groups=4), Precision.FP16) == [("cudnn-narrow-bias", half, False)]
    assert told(conv_step(**conv, bias=False), Precision.FP16) == [
        ("cudnn", None, False),
        ("cudnn-run-time", None, True),
    ]
    assert told(transposed_step((1, 8, 4, 4), 8, (2, 2)), Precision.FP16) == [("cudnn", None, False)]
    assert told(matmul_step((8, 8), (8, 8), bias=True), Precision.FP16) == [("cudnn", single, False)]


def _source() -> tuple[CudnnSource, list[Any]]:
    cudnn, log = _frontend()
    return CudnnSource(cudnn, 7, 99), log


def test_that_kernels_are_listed_built_enqueued_and_serialized() -> None:
    source, log = _source()
    step = conv_step((1, 32, 9, 9), 32, (3, 3), residual=True)
    candidates = source.candidates(step, Precision.FP16)
    assert [(c.name, c.compiled) for c in candidates] == [("eng1", True), ("eng2", True), ("eng3", False)]
    with pytest.raises(CudaError, match="Deselecting"):
        candidates[1].build()
    candidates[0].build()
    kernel = candidates[2].build()
    assert (kernel.plan.workspace_bytes, kernel.plan.bias_dtype) == (2048, DType.FLOAT32)
    kernel.enqueue({"x": 10, "w": 20, "y": 30, "bias": 40, "residual": 50}, 60, 5)
    assert log[-2:] == [("stream", 7, 5), ("execute", {1: 10, 2: 20, 3: 30, 4: 40, 5: 50}, 60, 2, 7)]
    candidates[0].build()
    assert kernel.data() == b"plan 2", "the plan serialized is this one, whichever was built last"


def test_that_a_plan_is_restored_from_its_bytes_on_a_live_stream() -> None:
    source, log = _source()
    step = conv_step((1, 32, 9, 9), 32, (3, 3), residual=True)
    plan = ChosenPlan("key", "cudnn", "eng3", DType.FLOAT32, 512, 1.0, b"bytes")
    kernel = source.restore(step, Precision.FP16, plan)
    assert kernel is not None
    assert kernel.plan is plan
    assert log[0] == ("stream", 7, 99)
    assert log[1].blob == list(b"bytes")
    kernel.enqueue({"x": 1}, 2, 3)
    assert log[-1] == ("execute", {1: 1}, 2, 0, 7)


def test_that_a_plan_whose_bytes_are_stale_is_found_by_name() -> None:
    source, _ = _source()
    step = conv_step((1, 32, 9, 9), 32, (3, 3), residual=True)
    kernel = source.restore(step, Precision.FP16, ChosenPlan("key", "cudnn", "eng3", None, 0, 1.0, b"stale"))
    assert kernel is not None
    assert kernel.data() == b"plan 2"
    with pytest.raises(CudaError, match="does not offer its kernel eng9 any more"):
        source.restore(step, Precision.FP16, ChosenPlan("key", "cudnn", "eng9", None, 0, 1.0, b"stale"))
    assert source.restore(step, Precision.FP16, ChosenPlan("key", "cublaslt", "eng3", None, 0, 1.0, b"")) is None


def test_that_a_form_that_cudnn_declines_offers_nothing() -> None:
    source, _ = _source()
    assert source.candidates(conv_step((1, 8, 4, 4), 8, (1, 1), activation=("Nothing",)), Precision.FP16) == []
