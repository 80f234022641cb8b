"""The profiler without a GPU: matching of traces, Timelines made of them, messages, and a process that fails."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fixtures_recording import branching_graph
from warploom.device.cuda.graph_nodes import GraphKernel, GraphNode
from warploom.device.cuda.profiler.activity import Record, match, replays_of
from warploom.device.cuda.profiler.assemble import INPUTS_LANE, estimated_instead, first_fork, measured_timeline
from warploom.device.cuda.profiler.client import trace_elsewhere
from warploom.device.cuda.profiler.counters import BASE, choose_metrics
from warploom.device.cuda.profiler.cupti_library import Cupti, why_not
from warploom.device.cuda.profiler.events import _spread
from warploom.device.cuda.profiler.profile import profile_executables
from warploom.device.cuda.profiler.record import node_columns
from warploom.device.cuda.profiler.trace import (
    COPY,
    KERNEL,
    ProfileRequest,
    Trace,
    decode_traces,
    encode_problem,
    encode_traces,
)
from warploom.device.profiling import ProfileOptions
from warploom.device.protocol import DeviceInfo
from warploom.device.registry import open_device
from warploom.errors import CancelledError, ProfileError
from warploom.graph import DType, Precision
from warploom.graph.constant import ArrayConstant, FillConstant
from warploom.schedule import Launch, StreamPlan
from warploom.timeline import UNATTRIBUTED
from warploom.timeline.check import check_timeline
from warploom.timeline.residency import SmLimits

INFO = DeviceInfo("cuda:0", "GPU", False, (9, 0), 132, 64, 1980.0, 1 << 30, 4800.0)
LIMITS = SmLimits(132, 64)
PLAN = StreamPlan(
    "plan",
    (
        Launch(("a",), 0),
        Launch(("b",), 0, ()),
        Launch(("c",), 1, (0,)),
        Launch(("d",), 0, (2,)),
    ),
)
BLOCK = (256, 1, 1)
ORIGIN = 1_795_243_275_466_884_232


def node(branch: int, blocks: int, name: str = "k") -> GraphNode:
    return GraphNode(branch, GraphKernel(name, (blocks, 1, 1), BLOCK, 32, 0))


NODES = (node(0, 96, "convert"), node(1, 60), node(2, 40), node(2, 30), node(3, 50), GraphNode(4, None), node(4, 20))
TIMES = ((0, 1500), (2000, 6000), (6500, 9000), (9200, 11_500), (6700, 12_000), (12_400, 12_600), (12_700, 15_000))


def records(launch: int = 1, shift: int = 0, stretch: float = 1.0) -> list[Record]:
    """One replay, records out of order."""
    found = []
    for i, (one, (start, end)) in enumerate(zip(NODES, TIMES, strict=True)):
        times = (ORIGIN + shift + round(start * stretch), ORIGIN + shift + round(end * stretch))
        if one.kernel is None:
            found.append(Record(COPY, launch, i + 100, *times, copied=4096))
        else:
            found.append(Record(KERNEL, launch, i + 100, *times, one.kernel.grid, BLOCK))
    return found[::-1]


def trace(*, sampled: bool = True, replays: int = 5, gap: bool = False) -> Trace:
    """Replays of which the third is the median; samples are the true warps, 30 ns late."""
    stretches = [1.0, 1.1, 1.05, 1.2, 1.02][:replays]
    parts = [match(NODES, replays_of(records(i + 1, 100_000 * i, s))[0]) for i, s in enumerate(stretches)]
    starts = ORIGIN - 8000 + np.arange(100 * replays + 30) * 1000
    starts = np.delete(starts, slice(18, 22)) if gap else starts
    warps = np.zeros(len(starts))
    for part in parts:
        for _, record in part:
            overlap = np.minimum(starts + 1000, record.end_ns + 30) - np.maximum(starts, record.start_ns + 30)
            warps += np.clip(overlap, 0, None) / 1000 * record.grid[0] * 8
    values = np.stack([warps * 1980, np.full(len(starts), 1980.0), np.full(len(starts), 900.0)])
    return Trace(
        plan="plan",
        warps_from="samples" if sampled else "model",
        notes=() if sampled else ("counters cannot be read",),
        limits=LIMITS,
        metrics=BASE if sampled else (),
        sample_start_ns=starts if sampled else np.zeros(0, np.int64),
        sample_end_ns=starts + 1000 if sampled else np.zeros(0, np.int64),
        samples=values if sampled else np.zeros((0, 0)),
        **node_columns(NODES, parts),
    )


def test_that_records_find_their_launch_by_count_and_order() -> None:
    pairs = match(NODES, replays_of(records())[0])
    assert [branch for branch, _ in pairs] == [0, 1, 2, 2, 3, 4, 4]
    assert [record.start_ns - ORIGIN for _, record in pairs] == [start for start, _ in TIMES]


def test_that_records_outside_graphs_are_passed_over_and_replays_are_told_apart() -> None:
    mixed = [*records(7, 50_000), Record(COPY, 3, 0, 1, 2, copied=8), *records(6)]
    assert [replay[0].launch for replay in replays_of(mixed)] == [6, 7]


@pytest.mark.parametrize("fault", ["missing", "other grid"])
def test_that_a_trace_of_something_else_is_refused(fault: str) -> None:
    replay = replays_of(records())[0]
    replay = replay[1:] if fault == "missing" else [dataclasses.replace(replay[0], grid=(7, 1, 1)), *replay[1:]]
    with pytest.raises(ProfileError, match="trace"):
        match(NODES, replay)


def test_that_the_median_replay_is_shown_and_all_are_kept() -> None:
    timeline = measured_timeline(trace(), PLAN, INFO, unprofiled_us=14.0)
    check_timeline(timeline)
    profile = timeline.profile
    assert profile is not None
    assert profile.shown == 2
    assert timeline.duration_ns == profile.replay_ns[2] == 15_750
    assert profile.overhead == pytest.approx(15.75 / 14)
    assert profile.launch_start_ns.shape == (5, 4)
    np.testing.assert_array_equal(profile.launch_start_ns[0], [2000, 6500, 6700, 12_400])
    np.testing.assert_array_equal(profile.launch_end_ns[0], [6000, 11_500, 12_000, 15_000])
    assert timeline.basis == "measured"


def test_that_spans_carry_plan_streams_and_inputs_have_a_lane() -> None:
    timeline = measured_timeline(trace(), PLAN, INFO, None)
    assert timeline.spans.stream.tolist() == [2, 0, 0, 1, 0, 0, 0]
    assert timeline.stream_name(2) == INPUTS_LANE
    assert timeline.spans.copy_bytes.tolist() == [0, 0, 0, 0, 0, 4096, 0]
    assert timeline.kernel_names == ("convert", "k", "copy")


def test_that_streams_add_up_to_the_samples_and_clocks_are_aligned() -> None:
    made = trace()
    timeline = measured_timeline(made, PLAN, INFO, None)
    profile, counters = timeline.profile, timeline.counters
    assert profile is not None
    assert counters is not None
    assert profile.note == ""
    assert profile.interval_ns == 1000
    assert profile.alignment_residual_ns is not None
    assert profile.alignment_residual_ns <= 100
    assert profile.attribution_error is not None
    assert profile.attribution_error < 0.1
    np.testing.assert_allclose(timeline.warps.total, counters.values[0] / counters.values[1])
    assert timeline.warps.edges_ns[0] == 0
    assert timeline.warps.edges_ns[-1] == timeline.duration_ns


def test_that_missing_samples_are_said() -> None:
    timeline = measured_timeline(trace(replays=1, gap=True), PLAN, INFO, None)
    check_timeline(timeline)
    assert timeline.profile is not None
    assert "--sample-interval-ns" in timeline.profile.note


def test_that_warps_are_modelled_where_nothing_was_sampled() -> None:
    timeline = measured_timeline(trace(sampled=False), PLAN, INFO, None)
    check_timeline(timeline)
    assert timeline.profile is not None
    assert timeline.profile.warps_from == "model"
    assert timeline.profile.note == "counters cannot be read"
    assert timeline.profile.attribution_error is None
    series = timeline.warps
    step = int(np.searchsorted(series.edges_ns, 8000, side="right")) - 1
    np.testing.assert_allclose(series.warps[:, step], [40 * 8, 50 * 8, 0])
    assert UNATTRIBUTED not in series.streams


def test_that_a_single_kernel_of_no_length_makes_a_timeline() -> None:
    made = trace(sampled=False, replays=1)
    times = {name: getattr(made, name)[:, 1:2] for name in ("start_ns", "end_ns")}
    names = [field.name for field in dataclasses.fields(made)[6:-5]]
    columns = {**{name: getattr(made, name)[1:2] for name in names}, **times}
    one = dataclasses.replace(made, **{**columns, "end_ns": columns["start_ns"]})
    timeline = measured_timeline(one, PLAN, INFO, 0.0)
    check_timeline(timeline)
    assert timeline.duration_ns == 0
    assert timeline.profile is not None
    assert timeline.profile.overhead is None


def test_that_the_first_fork_is_marked() -> None:
    assert first_fork(PLAN) == (1, 2)
    assert first_fork(StreamPlan("line", (Launch(("a",), 0), Launch(("b",), 0)))) == ()
    assert first_fork(StreamPlan("start", (Launch(("a",), 0), Launch(("b",), 1)))) == (0, 1)


def test_that_traces_survive_their_journey() -> None:
    made = trace()
    (again,) = decode_traces(encode_traces([made]))
    for field in dataclasses.fields(Trace):
        left, right = getattr(made, field.name), getattr(again, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)
        else:
            assert left == right
    with pytest.raises(ProfileError, match="no GPU"):
        decode_traces(encode_problem("no GPU"))


def request() -> ProfileRequest:
    graph = branching_graph(1)
    constants = {
        name: ArrayConstant.of(np.arange(np.prod(constant.shape), dtype=np.float32).reshape(constant.shape))
        if i % 2
        else FillConstant(constant.shape, DType.FLOAT32, 0.5)
        for i, (name, constant) in enumerate(graph.constants.items())
    }
    return ProfileRequest(
        0, graph.replace(constants=constants), Precision.FP16, (PLAN,), ProfileOptions(500, ("l2",), 3)
    )


def test_that_a_request_carries_graph_weights_and_plans() -> None:
    made = request()
    again = ProfileRequest.decode(made.encode())
    assert (again.device, again.precision, again.plans, again.options) == (0, Precision.FP16, (PLAN,), made.options)
    assert again.graph.operators == made.graph.operators
    assert again.graph.constants.keys() == made.graph.constants.keys()
    for name, constant in made.graph.constants.items():
        assert type(again.graph.constants[name]) is type(constant)
        np.testing.assert_array_equal(again.graph.constants[name].numpy(), constant.numpy())


def service(tmp_path: Path, code: str) -> list[str]:
    """A stand-in for the profiling process."""
    script = tmp_path / "service.py"
    script.write_text(f"import pathlib, sys, time, os\nfolder = pathlib.Path(sys.argv[1])\n{code}\n")
    return [sys.executable, str(script)]


def test_that_the_answer_of_the_process_is_read(tmp_path: Path) -> None:
    (tmp_path / "traces").write_bytes(encode_traces([trace()]))
    command = service(tmp_path, f"(folder / 'answer').write_bytes(open({str(tmp_path / 'traces')!r}, 'rb').read())")
    (again,) = trace_elsewhere(request(), lambda: False, command)
    assert again.plan == "plan"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('CUDA is unwell', file=sys.stderr); sys.exit(7)", "exit code 7: CUDA is unwell"),
        ("os.abort()", "SIGABRT"),
        ("pass", "no answer"),
        ("(folder / 'answer').write_bytes(b'rubbish')", "cannot be read"),
    ],
)
def test_that_a_process_that_fails_is_a_reason_and_no_crash(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        trace_elsewhere(request(), lambda: False, service(tmp_path, code))


def test_that_a_command_that_is_not_there_is_a_reason() -> None:
    with pytest.raises(ProfileError, match="does not start"):
        trace_elsewhere(request(), lambda: False, ["/no/such/program"])


def test_that_cancelling_ends_the_process(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = service(tmp_path, f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)")

    def cancelled() -> bool:
        return pid.exists() and bool(pid.read_text())

    begun = time.monotonic()
    with pytest.raises(CancelledError):
        trace_elsewhere(request(), cancelled, command)
    assert time.monotonic() - begun < 30
    assert not Path(f"/proc/{pid.read_text()}").exists()


def test_that_plans_are_not_traced_where_no_profile_is_wanted() -> None:
    graph, device = branching_graph(1), open_device("sim:h200")
    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with device.compile(graph, plan, Precision.FP32) as executable:
        drawn = executable.profile()
    fake: Any = SimpleNamespace(estimate=lambda: drawn)
    (timeline,), log = profile_executables([fake], device.info, 0, ProfileOptions(traced=False), lambda: False)
    assert timeline.profile is not None
    assert timeline.profile.note == "estimated, because no profile was asked for"
    assert log == []


def test_that_an_estimate_says_why_it_is_one() -> None:
    graph = branching_graph(1)
    plan = StreamPlan("line", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with open_device("sim:h200").compile(graph, plan, Precision.FP16) as executable:
        timeline = dataclasses.replace(executable.profile(), simulated=False, estimated=True)
    said = estimated_instead(timeline, "the profiling process failed (killed by SIGSEGV).", 12.0)
    check_timeline(said)
    assert said.basis == "estimated"
    assert said.profile is not None
    assert said.profile.note == "estimated, because the profiling process failed (killed by SIGSEGV)"
    ran = said.profile.launch_start_ns >= 0  # a Concat that its producers write in place has no span
    assert ran.any()
    assert (said.profile.launch_end_ns[ran] > said.profile.launch_start_ns[ran]).all()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("Insufficient privileges"), "NVreg_RestrictProfilingToAdminUsers=0"),
        (RuntimeError("CUPTI_ERROR_INSUFFICIENT_PRIVILEGES"), "ERR_NVGPUCTRPERM"),
        (RuntimeError("PM sampling is already enabled on this device."), "another program"),
        (RuntimeError("ERROR_HARDWARE_BUSY (31)"), "another program"),
        (MemoryError("Record overflow in the hardware buffer."), "--sample-interval-ns"),
        (RuntimeError("ERROR_NOT_SUPPORTED (27)"), "cannot sample"),
        (ValueError("something new"), "something new"),
    ],
)
def test_that_each_refusal_says_what_helps(error: Exception, said: str) -> None:
    text = why_not(error, "hardware counters cannot be read")
    assert text.startswith("hardware counters cannot be read")
    assert said in text
    assert "\n" not in text


def test_that_counters_that_do_not_fit_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def passes(_cupti: object, _chip: str, metrics: tuple[str, ...]) -> int:
        return 2 if any("lts__" in metric for metric in metrics) else 1

    monkeypatch.setattr("warploom.device.cuda.profiler.counters.passes", passes)
    metrics, notes = choose_metrics(Cupti(None, None, None), "GH100", ("l2", "tensor"))
    assert metrics[: len(BASE)] == BASE
    assert any("tensor" in metric for metric in metrics)
    assert len(notes) == 1
    assert "'l2'" in notes[0]


def test_that_kernels_share_the_time_of_their_launch() -> None:
    assert _spread([0, 1, 1, 2], [(0, 1), (1, 5), (5, 4)]) == [(0, 1000), (1000, 3000), (3000, 5000), (5000, 5000)]


@pytest.mark.parametrize("options", [ProfileOptions(10), ProfileOptions(replays=0), ProfileOptions(counters=("warp",))])
def test_that_options_out_of_range_are_refused(options: ProfileOptions) -> None:
    with pytest.raises(ProfileError, match=r"choose|there are"):
        options.check()
