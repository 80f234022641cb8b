"""Plans on a GPU: files that answer as executables do, requests with copies, contexts in threads, limits."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import warploom
from warploom.device.protocol import Device
from warploom.device.serving import RequestMode
from warploom.graph import Precision
from warploom.serving.bench import BenchOptions, bench_plan
from warploom.timeline.check import check_timeline

ROWS = 3


@pytest.fixture(scope="module")
def network() -> warploom.Network:
    """Two branches, an early output and a late one."""
    net = warploom.Network("served", batch=ROWS)
    x = net.placeholder(8, 40, 56, name="image")
    left = net.conv2d(x, 32, 3, pad=1, act="relu")
    right = net.conv2d(net.conv2d(x, 16, 1, act="relu"), 32, 5, pad=2)
    both = net.concat(left, right)
    net.output(net.pool2d(both, "max", 2), "early")
    for _ in range(4):
        both = net.conv2d(both, 64, 3, pad=1, act="relu")
    net.output(net.linear(net.pool2d(both, "global_avg"), 100), "late")
    return net


@pytest.fixture(scope="module")
def recording(device: Device, network: warploom.Network) -> warploom.Recording:
    return warploom.optimize(network, device=device.info.id, precision="fp16", search_seconds=2.0, repeats=5)


@pytest.fixture(scope="module")
def path(recording: warploom.Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "served.plan"
    warploom.build(recording, path).close()
    return path


def test_that_a_plan_file_answers_as_the_executable_does(
    device: Device, recording: warploom.Recording, path: Path
) -> None:
    with (
        warploom.load_plan(path) as plan,
        device.compile(recording.graph, recording.optimized.plan, Precision.FP16) as executable,
    ):
        for seed in range(3):
            inputs = plan.example(seed=seed)
            expected, found = executable.run(inputs), plan(inputs)
            for name in expected:
                np.testing.assert_array_equal(found[name], expected[name])


def test_that_frames_in_flight_answer_as_single_requests(path: Path) -> None:
    with warploom.load_plan(path) as plan:
        frames = [plan.example(seed=seed) for seed in range(12)]
        alone = [plan(frame) for frame in frames]
        for depth in (1, 2, 3):
            for expected, found in zip(alone, plan.stream(frames, depth=depth), strict=True):
                for name in expected:
                    np.testing.assert_array_equal(found[name], expected[name])


def test_that_contexts_in_threads_do_not_disturb_each_other(path: Path) -> None:
    with warploom.load_plan(path) as plan:
        frames = [plan.example(seed=seed) for seed in range(4)]
        expected = [plan(frame) for frame in frames]
        agree: list[bool] = []

        def work(number: int) -> None:
            with plan.context() as context:
                for _ in range(50):
                    outputs = context(frames[number])
                    agree.append(all(np.array_equal(outputs[n], expected[number][n]) for n in outputs))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(frames))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(agree) == 200
    assert all(agree)


def test_that_a_smaller_batch_is_filled_up(path: Path) -> None:
    with warploom.load_plan(path) as plan:
        assert plan.shapes[0].paddable
        inputs = plan.example()
        expected = plan(inputs)
        found = plan(inputs["image"][:1])
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name][:1])


def test_that_requests_are_measured_and_drawn(path: Path) -> None:
    with warploom.load_plan(path) as plan:
        report = bench_plan(plan, BenchOptions(repeats=20, depth=2, frames=50, fps=100.0, seconds=0.2))
        rows = {row.name: row.wall.p50 for row in report.latencies}
        assert all(latency > 0 for latency in rows.values())
        assert len(report.throughput) == 2
        for mode in RequestMode:
            timeline = plan.timeline(mode)
            check_timeline(timeline)
            assert {name for _, name in timeline.lane_names} == {"copy in", "copy out"}
            assert (timeline.spans.copy_bytes > 0).sum() >= 2


def test_that_a_plan_within_a_limit_of_workspaces_needs_none(device: Device, recording: warploom.Recording) -> None:
    with warploom.build(recording, workspace_mb=0, device=device.info.id, verify=False) as plan:
        assert plan.memory.workspace_bytes == 0
        inputs = plan.example()
        with warploom.build(recording, device=device.info.id, verify=False) as free:
            for name, array in free(inputs).items():
                np.testing.assert_allclose(plan(inputs)[name], array, rtol=0.05, atol=0.05)


def test_that_a_plan_for_other_libraries_is_refused(device: Device, path: Path, tmp_path: Path) -> None:
    import dataclasses

    from warploom.serving.file import read_plan, write_plan

    contents = read_plan(path)
    stamp = dataclasses.replace(contents.facts.stamp, facts=(*contents.facts.stamp.facts, ("cudnn", "1.0.0")))
    moved = tmp_path / "moved.plan"
    write_plan(dataclasses.replace(contents, facts=dataclasses.replace(contents.facts, stamp=stamp)), moved)
    with pytest.raises(warploom.WarploomError, match="instead of"):
        warploom.load_plan(moved, device=device.info.id)
    with warploom.load_plan(moved, device=device.info.id, retune=True) as plan, warploom.load_plan(path) as original:
        inputs = plan.example()
        for name, array in original(inputs).items():
            np.testing.assert_allclose(plan(inputs)[name], array, rtol=0.05, atol=0.05)
