from __future__ import annotations

import numpy as np
import pytest

from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.device.simulated.execution import execute
from warploom.device.simulated.rounding import rounded
from warploom.device.simulated.sessions import SessionCache
from warploom.errors import DeviceError, ScheduleError
from warploom.graph import (
    DType,
    FillConstant,
    Graph,
    OperatorKind,
    Precision,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator
from warploom.importer.export import export_graph
from warploom.passes.merge import lower_merges
from warploom.passes.store_mixed import store_mixed
from warploom.schedule import Launch, StreamPlan

SEQUENTIAL = StreamPlan(
    "sequential", tuple(Launch((name,), 0) for name in ("stem", "left1", "left2", "middle", "right", "concat", "last"))
)
PARALLEL = StreamPlan(
    "parallel",
    (
        Launch(("stem",), 0),
        Launch(("left1",), 0),
        Launch(("left2",), 0),
        Launch(("middle", "right"), 1, waits=(0,)),
        Launch(("concat",), 0, waits=(3,)),
        Launch(("last",), 0),
    ),
)


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice(load_description("h200"))


@pytest.fixture
def inputs() -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(3).standard_normal((1, 16, 14, 14)).astype(np.float32)}


def reference(graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(export_graph(graph), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("plan", [SEQUENTIAL, PARALLEL])
def test_that_a_plan_computes_what_the_graph_does(branches: Graph, device, inputs, plan: StreamPlan) -> None:
    with device.compile(branches, plan, Precision.FP32) as executable:
        outputs = executable.run(inputs)
        again = executable.run(inputs)
    assert list(outputs) == list(branches.outputs)
    assert error(outputs["last.y"], reference(branches, inputs)) < 1e-6
    np.testing.assert_array_equal(outputs["last.y"], again["last.y"])


def test_that_16_bits_round_weights_and_every_result(branches: Graph, device, inputs) -> None:
    expected = reference(branches, inputs)
    errors = {}
    for precision in Precision:
        with device.compile(branches, PARALLEL, precision) as executable:
            errors[precision] = error(executable.run(inputs)["last.y"], expected)
    assert errors[Precision.FP32] < 1e-6
    assert 1e-5 < errors[Precision.FP16] < 2e-3
    assert 4 * errors[Precision.FP16] < errors[Precision.BF16] < 2e-2


def test_that_a_missing_wait_shows_as_an_error(branches: Graph, inputs) -> None:
    launches = list(PARALLEL.launches)
    launches[4] = Launch(("concat",), 0)
    racy = StreamPlan("racy", tuple(launches))
    graph = lower_merges(branches, racy)
    with pytest.raises(ScheduleError, match=r"'concat' reads .* but nothing orders it after 'middle & right'"):
        execute(graph, racy, Precision.FP32, inputs, SessionCache())


def test_that_a_plan_that_does_not_verify_is_not_compiled(branches: Graph, device) -> None:
    racy = StreamPlan("racy", (*PARALLEL.launches[:4], Launch(("concat",), 0), PARALLEL.launches[5]))
    with pytest.raises(ScheduleError):
        device.compile(branches, racy, Precision.FP32)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "is missing"),
        (
            {"x": np.zeros((1, 16, 14, 15), np.float32)},
            r"must be float32 \[1, 16, 14, 14\], not float32 \[1, 16, 14, 15\]",
        ),
        ({"x": np.zeros((1, 16, 14, 14), np.float64)}, "not float64"),
    ],
)
def test_that_wrong_inputs_are_refused(branches: Graph, device, change, reason: str) -> None:
    with device.compile(branches, SEQUENTIAL, Precision.FP32) as executable, pytest.raises(DeviceError, match=reason):
        executable.run(change)


def test_that_operators_of_one_structure_share_a_session(maker, inputs) -> None:
    x = maker.input("x", 1, 16, 14, 14)
    for i in range(3):
        maker.conv(f"conv{i}", x, 16)
    graph = maker.graph(*(f"conv{i}.z" for i in range(3)))
    plan = StreamPlan("plan", tuple(Launch((f"conv{i}",), i) for i in range(3)))
    cache = SessionCache()
    outputs = execute(graph, plan, Precision.FP32, inputs, cache)
    assert len({id(cache.session(graph, operator)[0]) for operator in graph.operators}) == 1
    assert error(outputs["conv0.z"], outputs["conv1.z"]) > 0.1  # each with its own weights


def test_that_rounding_is_that_of_the_stored_type() -> None:
    values = np.array([1.0, 1.0 + 2**-9, 1.0 + 3 * 2**-9, 65519.0, 65520.0, -1e38, np.inf, np.nan], np.float32)
    half = rounded(values, Precision.FP16)
    np.testing.assert_array_equal(half[:6], np.array([1, 1 + 2**-9, 1 + 3 * 2**-9, 65504, np.inf, -np.inf], np.float32))
    brain = rounded(values, Precision.BF16)
    # bfloat16 keeps seven bits behind the point: 2^-9 is a quarter, 3 x 2^-9 three quarters of the last one.
    np.testing.assert_array_equal(brain[:3], np.array([1, 1, 1 + 2**-7], np.float32))
    assert np.isinf(brain[6])
    assert np.isnan(brain[7])
    tie = np.array([1 + 2**-8, 1 + 3 * 2**-8], np.float32)
    np.testing.assert_array_equal(rounded(tie, Precision.BF16), np.array([1, 1 + 2**-6], np.float32))
    assert rounded(values, Precision.TF32) is values
    integers = np.array([70000])
    assert rounded(integers, Precision.FP16) is integers


def test_that_bfloat16_models_run(maker, device) -> None:
    x = maker.input("x", 8, dtype=DType.BFLOAT16)
    wide, y = maker.tensor("wide", 8), maker.tensor("y", 8, dtype=DType.BFLOAT16)
    body = [
        Primitive("Cast", (x,), (wide,), attributes(to="float32")),
        Primitive("Cast", (wide,), (y,), attributes(to="bfloat16")),
    ]
    maker.operator("casts", OperatorKind.POINTWISE, body, y)
    graph = maker.graph(y)
    values = np.array([1 + 2**-9, *range(1, 8)], np.float32)
    with device.compile(graph, StreamPlan("plan", (Launch(("casts",), 0),)), Precision.BF16) as executable:
        outputs = executable.run({"x": values})
    np.testing.assert_array_equal(outputs["y"], np.array([1, *range(1, 8)], np.float32))


def test_that_values_that_an_operator_cannot_take_are_reported_with_its_name(maker, device) -> None:
    table, where = maker.input("table", 4, 2), maker.input("where", 3, dtype=DType.INT64)
    maker.single("Gather", OperatorKind.GATHER, (table, where), (3, 2), attributes(axis=0))
    graph = maker.graph(*maker.operators[-1].outputs)
    executable = device.compile(graph, StreamPlan("plan", (Launch(("Gather0",), 0),)), Precision.FP32)
    with executable, pytest.raises(DeviceError, match="onnxruntime failed on 'Gather0'"):
        executable.run({"table": np.ones((4, 2), np.float32), "where": np.array([0, 1, 9])})


@pytest.mark.parametrize(("precision", "kept"), [(Precision.FP16, 2.0**-10), (Precision.BF16, 0.0)])
def test_that_operators_of_a_mixed_graph_round_what_they_read(
    device: SimulatedDevice, precision: Precision, kept: float
) -> None:
    constants = {"one": FillConstant((), DType.FLOAT32, 1.0)}
    shapes: dict[str, tuple[int, ...]] = {"x": (3,), "y": (3,), "one": ()}
    tensors = {name: Tensor(name, shape, DType.FLOAT32) for name, shape in shapes.items()}
    body = [Primitive("Sub", ("x", "one"), ("y",))]
    operator = make_operator("y", OperatorKind.POINTWISE, body, constants=constants, outputs=("y",), sources=())
    mixed = store_mixed(Graph("g", (operator,), tensors, constants, ("x",), ("y",)), {"y": precision})
    x = np.array([1.0003, 1.0 + 2.0**-10, 3.0], np.float32)
    with device.compile(mixed, StreamPlan("s", (Launch(("y",), 0),)), Precision.MIXED) as executable:
        assert executable.run({"x": x})["y"].tolist() == [0.0, kept, 2.0]
