"""Plans: what they answer, what they refuse, and what they do with batches that they do not hold."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import warploom
from warploom.device.serving import RequestMode
from warploom.errors import DeviceError, PlanError
from warploom.importer.options import ImportOptions
from warploom.importer.reference import reference_outputs

Frame = dict[str, np.ndarray]


def test_that_a_plan_answers_as_the_model_does(
    plan_path: Path, network: warploom.Network, frame: Frame, tmp_path: Path
) -> None:
    model = network.write(tmp_path / "toy.onnx")
    expected = reference_outputs(model, ImportOptions(batch=2), frame)
    with warploom.load_plan(plan_path) as plan:
        outputs = plan(frame)
    assert outputs.keys() == {"features", "scores"}
    for name, array in outputs.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=1e-5)


def test_that_a_single_input_needs_no_name(plan_path: Path, frame: Frame) -> None:
    with warploom.load_plan(plan_path) as plan:
        np.testing.assert_array_equal(plan(frame["image"])["scores"], plan(frame)["scores"])


def test_that_a_smaller_batch_is_filled_up_and_a_larger_one_picked(plan_path: Path, frame: Frame) -> None:
    whole = np.concatenate((frame["image"], frame["image"][::-1]))
    with warploom.load_plan(plan_path) as plan:
        assert [shape.paddable for shape in plan.shapes] == [True, True]
        expected = plan(whole)
        for rows in (1, 2, 3):
            outputs = plan(whole[:rows])
            for name, array in outputs.items():
                assert array.shape == (rows, *expected[name].shape[1:])
                np.testing.assert_allclose(array, expected[name][:rows], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"picture": np.zeros((2, 3, 16, 16), np.float32)}, "no input 'picture'; its inputs: image"),
        ({}, "'image' is missing"),
        ({"image": np.zeros((2, 3, 16, 16))}, r"type float64, not float32: convert it with .astype\('float32'\)"),
        ({"image": np.zeros((2, 3, 16, 17), np.float32)}, r"no shape for image \[2, 3, 16, 17\]; it holds image"),
        ({"image": np.zeros((5, 3, 16, 16), np.float32)}, r"no shape for image \[5, 3, 16, 16\]"),
        ({"image": np.zeros((0, 3, 16, 16), np.float32)}, r"no shape for image \[0, 3, 16, 16\]"),
        ({"image": np.full((2, 3, 16, 16), np.nan, np.float32)}, r"holds 1536 NaN, the first at \[0, 0, 0, 0\]"),
    ],
)
def test_that_a_bad_input_is_refused_with_the_reason(plan_path: Path, inputs: Frame, reason: str) -> None:
    with warploom.load_plan(plan_path) as plan, pytest.raises(PlanError, match=reason):
        plan(inputs)


def test_that_infinities_are_no_nan(plan_path: Path, frame: Frame) -> None:
    frame["image"][0, 0, 0, :2] = np.inf, -np.inf
    with warploom.load_plan(plan_path) as plan:
        plan(frame)


def test_that_nan_passes_where_nobody_looks(plan_path: Path, frame: Frame) -> None:
    frame["image"][1] = np.nan
    with warploom.load_plan(plan_path, check_nan=False) as plan:
        scores = plan(frame)["scores"]
    assert np.isfinite(scores[0]).all()
    assert np.isnan(scores[1]).all()


def test_that_rows_that_depend_on_each_other_are_never_filled_up(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    shape = [4, 3]
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["y"], axis=0)],
        "over the batch",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    with warploom.build(model, tmp_path / "softmax.plan", device="sim:h200", repeats=1) as plan:
        assert not plan.shapes[0].paddable
        plan(np.ones((4, 3), np.float32))
        with pytest.raises(PlanError, match=r"holds x \[4, 3\].*rows are not independent"):
            plan(np.ones((2, 3), np.float32))


def test_that_frames_in_flight_come_back_in_order(plan_path: Path) -> None:
    generator = np.random.default_rng(0)
    frames = [generator.standard_normal((2, 3, 16, 16), np.float32) for _ in range(5)]
    with warploom.load_plan(plan_path) as plan:
        streamed = [outputs["scores"] for outputs in plan.stream(frames, depth=3)]
        for frame, scores in zip(frames, streamed, strict=True):
            np.testing.assert_array_equal(plan(frame)["scores"], scores)


def test_that_who_stops_a_stream_early_leaves_nothing_behind(plan_path: Path, frame: Frame) -> None:
    with warploom.load_plan(plan_path) as plan, plan.context(2) as context:
        stream = context.stream([frame] * 4)
        next(stream)
        stream.close()
        assert len(list(context.stream([frame] * 3))) == 3


def test_that_a_stream_refuses_a_frame_of_another_shape(plan_path: Path, frame: Frame) -> None:
    other = np.zeros((4, 3, 16, 16), np.float32)
    with warploom.load_plan(plan_path) as plan, pytest.raises(PlanError, match="Frame 1 has another shape"):
        list(plan.stream([frame, other]))


@pytest.mark.parametrize("depth", [0, 65, 10**9])
def test_that_a_context_has_room_for_a_few_requests(plan_path: Path, depth: int) -> None:
    with warploom.load_plan(plan_path) as plan, pytest.raises(PlanError, match=f"1 to 64 requests, not {depth}"):
        plan.context(depth)


@pytest.mark.parametrize("inputs", [None, "image", [[1.0]], 3])
def test_that_what_is_no_array_is_refused(plan_path: Path, inputs: object) -> None:
    with (
        warploom.load_plan(plan_path) as plan,
        pytest.raises(PlanError, match="is no input: give an array, or a mapping"),
    ):
        plan(inputs)  # type: ignore[arg-type]


def test_that_contexts_answer_side_by_side(plan_path: Path, frame: Frame) -> None:
    with warploom.load_plan(plan_path) as plan:
        expected = plan(frame)["scores"]
        found: list[np.ndarray] = []

        def work() -> None:
            with plan.context() as context:
                found.extend(context(frame)["scores"] for _ in range(5))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 15
    assert all(np.array_equal(scores, expected) for scores in found)


def test_that_a_slot_holds_one_request(plan_path: Path, frame: Frame) -> None:
    with warploom.load_plan(plan_path) as plan, plan.context(2) as context:
        serving = context.serving()
        serving.submit(frame, 0)
        with pytest.raises(DeviceError, match="slot 0 was not collected"):
            serving.submit(frame, 0)
        serving.collect(0)
        with pytest.raises(DeviceError, match="no request in slot 0"):
            serving.collect(0)


def test_that_a_closed_plan_says_so(plan_path: Path, frame: Frame) -> None:
    plan = warploom.load_plan(plan_path)
    plan.close()
    plan.close()
    with pytest.raises(PlanError, match="'toy' was closed"):
        plan(frame)


def test_that_overlap_and_pinned_memory_pay_in_the_model(plan_path: Path) -> None:
    with warploom.load_plan(plan_path) as plan:
        latency = {mode: plan.measure_requests(mode, 1).wall_us[0] for mode in RequestMode}
        assert plan.measure(1).median_us < latency[RequestMode.OVERLAPPED]
    assert latency[RequestMode.OVERLAPPED] < latency[RequestMode.PINNED] < latency[RequestMode.PAGEABLE]


def test_that_copies_have_lanes_of_their_own(plan_path: Path) -> None:
    with warploom.load_plan(plan_path) as plan:
        timeline = plan.timeline()
    copies = timeline.spans.copy_bytes > 0
    assert {timeline.stream_name(int(lane)) for lane in timeline.spans.stream[copies]} == {"copy in", "copy out"}
    assert timeline.spans.copy_bytes.sum() == 4 * (2 * 3 * 16 * 16 + 2 * 8 * 7 * 7 + 2 * 5)
    features = timeline.kernel_names.index("output features")
    scores = timeline.kernel_names.index("output scores")
    ends = {int(k): int(e) for k, e in zip(timeline.spans.kernel, timeline.spans.start_ns, strict=True)}
    assert ends[features] < timeline.spans.end_ns[~copies].max() <= ends[scores]
