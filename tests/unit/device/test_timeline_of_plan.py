from __future__ import annotations

import numpy as np
import pytest

from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.errors import DeviceError
from warploom.graph import Graph, OperatorKind, Precision
from warploom.schedule import Launch, StreamPlan

PLAN = StreamPlan(
    "plan",
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


def test_that_a_profile_shows_every_kernel_on_its_stream_in_order(branches: Graph, device: SimulatedDevice) -> None:
    with device.compile(branches, PLAN, Precision.FP16) as executable:
        timeline = executable.profile()
        latency = executable.measure(3)
    assert timeline.simulated
    assert timeline.counters is None
    assert timeline.device == "NVIDIA H200"
    assert timeline.launch_names == ("stem", "left1", "left2", "middle & right", "concat", "last")
    spans = timeline.spans
    assert set(spans.launch) == {0, 1, 2, 3, 5}  # what the concat joins is written in place
    assert list(spans.stream) == [PLAN.launches[i].stream for i in spans.launch]
    assert np.all(np.diff(spans.start_ns) >= 0)
    assert np.all(spans.end_ns > spans.start_ns)
    starts, ends = (dict(zip(spans.launch, column, strict=True)) for column in (spans.start_ns, spans.end_ns))
    for i, before in enumerate(PLAN.dependencies()):
        assert all(starts[i] > ends[j] for j in before if i in starts and j in ends)
    assert starts[3] < ends[1]  # side by side
    assert timeline.duration_ns == spans.end_ns.max() == round(latency.median_us * 1e3)
    assert spans.grid.shape == spans.block.shape == (len(spans), 3)
    assert len(timeline.kernel_names) == spans.kernel.max() + 1


def test_that_active_warps_are_exact_and_add_up_to_the_blocks_that_ran(
    branches: Graph, device: SimulatedDevice
) -> None:
    with device.compile(branches, PLAN, Precision.FP16) as executable:
        timeline, simulation = executable.profile(), executable.simulation
    warps = timeline.warps
    assert list(warps.streams) == [0, 1]
    assert (warps.edges_ns[0], warps.edges_ns[-1]) == (0, timeline.duration_ns)
    assert np.all(np.diff(warps.edges_ns) > 0)
    assert warps.warps.min() == 0
    assert warps.total.max() <= timeline.max_warps == 8448
    for stream in (0, 1):
        expected = sum(
            one.warps * (one.end_us - one.start_us) * 1e3
            for one in simulation.residencies
            if PLAN.launches[one.task].stream == stream
        )
        assert float(warps.warps[stream] @ np.diff(warps.edges_ns)) == pytest.approx(expected, rel=1e-3)
    for i in range(len(timeline.spans)):
        middle = (timeline.spans.start_ns[i] + timeline.spans.end_ns[i]) // 2
        step = np.searchsorted(warps.edges_ns, middle, side="right") - 1
        assert warps.warps[timeline.spans.stream[i], step] > 0


def test_that_a_measurement_has_as_many_equal_samples_as_were_asked_for(
    branches: Graph, device: SimulatedDevice
) -> None:
    with device.compile(branches, PLAN, Precision.FP16) as executable:
        measurement = executable.measure(5)
        with pytest.raises(DeviceError, match="at least one repeat"):
            executable.measure(0)
    assert len(measurement.samples_us) == 5
    assert len(set(measurement.samples_us)) == 1
    executable.close()
    with pytest.raises(DeviceError, match="closed"):
        executable.profile()


def test_that_a_plan_of_views_only_has_an_empty_timeline(maker, device: SimulatedDevice) -> None:
    maker.single("Identity", OperatorKind.VIEW, (maker.input("x", 4),), (4,))
    graph = maker.graph(*maker.operators[-1].outputs)
    with device.compile(
        graph, StreamPlan("views", (Launch((graph.operators[0].name,), 0),)), Precision.FP32
    ) as executable:
        timeline = executable.profile()
    assert len(timeline.spans) == 0
    assert timeline.warps.total.sum() == 0
    assert timeline.duration_ns == round(device.description.graph_launch_us * 1e3)
