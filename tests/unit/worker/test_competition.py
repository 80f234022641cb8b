from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from warploom.cost import Cost
from warploom.device import Measurement, Support
from warploom.errors import CommandError, ScheduleError, UnsupportedOperatorError
from warploom.graph import ArrayConstant, DType, Graph, OperatorKind, Precision, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.schedule import Stage
from warploom.schedule.modes import MODES
from warploom.schedule.registry import PLAN_SCHEDULERS, SCHEDULERS
from warploom.schedule.search import SearchLimits, SearchUpdate
from warploom.worker import candidates as candidates_module
from warploom.worker.candidates import plan_candidates, prepare_merges
from warploom.worker.context import JobContext
from warploom.worker.errors_of_outputs import largest_error, longest_chain, tolerance_for
from warploom.worker.execution import Outcome, choose
from warploom.worker.measuring import measure_interleaved
from warploom.worker.messages import Event, LogLine, OptimizeOptions, Phase, SearchProgress
from warploom.worker.observer import SearchReporter
from warploom.worker.output import check_output
from warploom.worker.settings import check_settings
from warploom.worker.support import check_support
from warploom.worker.verification import OutputCheck


def diamond() -> Graph:
    """x -> a -> (b, c) -> d."""
    tensor = {name: Tensor(name, (1, 8), DType.FLOAT32) for name in "xabcd"}
    bodies = [
        Primitive("Relu", ("x",), ("a",), source="na"),
        Primitive("Sigmoid", ("a",), ("b",), source="nb"),
        Primitive("Tanh", ("a",), ("c",), source="nc"),
        Primitive("Concat", ("b", "c"), ("d",), attributes(axis=1), source="nd"),
    ]
    tensor["d"] = Tensor("d", (1, 16), DType.FLOAT32)
    operators = tuple(
        make_operator(
            body.outputs[0], OperatorKind.POINTWISE, [body], constants={}, outputs=body.outputs, sources=[body.source]
        )
        for body in bodies
    )
    graph = Graph("diamond", operators, tensor, {}, ("x",), ("d",))
    graph.verify()
    return graph


class UnitCosts:
    """Every operator takes 1 us alone; groups side by side cost nothing extra."""

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        return [Cost.exactly(float(max(len(group.operators) for group in stage.groups))) for stage in stages]


def context_of(events: list[Event], *, cancelled: bool = False) -> JobContext:
    return JobContext(1, events.append, lambda: cancelled)


def planned_names(mode: str, **options: Any) -> list[str]:
    found = plan_candidates(diamond(), UnitCosts(), mode, SearchLimits(), context_of([], **options))
    return [candidate.scheduler for candidate in found]


def readers(count: int) -> Graph:
    """Convolutions that read one tensor."""
    tensors = {"x": Tensor("x", (1, 8, 4, 4), DType.FLOAT32)}
    constants = {}
    operators = []
    for name in "abcdefgh"[:count]:
        constants[f"{name}.w"] = ArrayConstant.of(np.ones((8, 8, 1, 1), np.float32))
        tensors[f"{name}.w"] = Tensor(f"{name}.w", (8, 8, 1, 1), DType.FLOAT32)
        tensors[name] = Tensor(name, (1, 8, 4, 4), DType.FLOAT32)
        given = attributes(kernel_shape=(1, 1), pads=(0, 0, 0, 0), strides=(1, 1), dilations=(1, 1), group=1)
        conv = Primitive("Conv", ("x", f"{name}.w"), (name,), given, source=name)
        operators.append(
            make_operator(name, OperatorKind.CONV, [conv], constants=constants, outputs=[name], sources=[name])
        )
    names = tuple(operator.name for operator in operators)
    return Graph("readers", tuple(operators), tensors, constants, ("x",), names)


class PreparingCosts(UnitCosts):
    """Remembers the merges that it is told to get ready."""

    def __init__(self) -> None:
        self.prepared: list[tuple[str, ...]] = []

    def prepare_merges(self, merges: Sequence[tuple[str, ...]]) -> None:
        self.prepared += merges


def test_that_kernels_of_merges_are_chosen_before_a_search_that_merges() -> None:
    limits = SearchLimits(max_stage_groups=2)
    for mode, expected in (("both", [("a", "b"), ("a", "c"), ("b", "c")]), ("parallel", []), ("list", [])):
        costs = PreparingCosts()
        prepare_merges(readers(3), costs, mode, limits)
        assert costs.prepared == expected
    prepare_merges(readers(3), UnitCosts(), "both", limits)  # a model that has nothing to prepare


def test_that_only_so_many_merges_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "_MERGES_PREPARED", 10)
    costs = PreparingCosts()
    prepare_merges(readers(8), costs, "both", SearchLimits())
    assert len(costs.prepared) == 10


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("greedy", ["sequential", "greedy"]),
        ("parallel", ["sequential", "greedy", "parallel"]),
        ("merge", ["sequential", "greedy", "merge"]),
        ("both", ["sequential", "greedy", "both", "parallel", "merge", "dataflow", "list", "nimble"]),
        ("sequential", ["sequential"]),
        ("ios-both", ["sequential", "greedy", "both"]),
        ("nimble", ["sequential", "greedy", "nimble"]),
    ],
)
def test_that_the_baselines_always_compete(mode: str, names: list[str]) -> None:
    assert planned_names(mode) == names


def test_that_every_mode_names_schedulers_that_exist_and_begins_with_the_baseline() -> None:
    for mode in MODES.values():
        assert mode.schedulers[0] == "sequential"
        assert set(mode.schedulers) <= {*SCHEDULERS, *PLAN_SCHEDULERS}
    assert set(MODES["both"].schedulers) == {*SCHEDULERS, *PLAN_SCHEDULERS}


def test_that_an_expensive_search_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "CHEAP_STAGES", 0)
    assert not {"parallel", "merge"} & set(planned_names("both"))
    assert "parallel" in planned_names("parallel")


def test_that_a_scheduler_that_the_device_cannot_help_is_left_out_with_the_reason() -> None:
    context = context_of([])
    found = plan_candidates(diamond(), UnitCosts(), "both", SearchLimits(), context)
    assert not {"opara", "local"} & {candidate.scheduler for candidate in found}
    left_out = {entry.subject[0]: entry.reason for entry in context.log if entry.decision == "not searched"}
    assert "what operators ask" in left_out["opara"]
    assert "cannot judge plans" in left_out["local"]


def test_that_no_search_starts_when_the_time_is_over() -> None:
    context = context_of([])
    found = plan_candidates(diamond(), UnitCosts(), "both", SearchLimits(seconds=1e-9), context)
    assert [candidate.scheduler for candidate in found] == ["sequential", "greedy"]
    assert any("seconds of the search are over" in entry.reason for entry in context.log)


def test_that_after_a_cancel_the_baselines_are_there_and_no_search_starts() -> None:
    assert planned_names("both", cancelled=True) == ["sequential", "greedy"]


def test_that_candidates_keep_the_predicted_cost_of_each_stage() -> None:
    for candidate in plan_candidates(diamond(), UnitCosts(), "both", SearchLimits(), context_of([])):
        if candidate.schedule is None:
            assert candidate.stage_costs == ()
            continue
        assert len(candidate.stage_costs) == len(candidate.schedule.stages)
        assert sum(cost.median_us for cost in candidate.stage_costs) == candidate.result.latency_us


def test_that_the_search_reports_its_phases_and_progress() -> None:
    events: list[Event] = []
    plan_candidates(diamond(), UnitCosts(), "parallel", SearchLimits(), context_of(events))
    phases = [event.detail for event in events if isinstance(event, Phase)]
    assert phases == ["sequential", "greedy", "parallel"]
    assert "parallel" in {event.scheduler for event in events if isinstance(event, SearchProgress)}


def test_that_progress_events_come_no_faster_than_anyone_can_look() -> None:
    events: list[Event] = []
    reporter = SearchReporter(1, "both", events.append, lambda: False, interval_s=3600)
    for states in range(1000):
        reporter.update(SearchUpdate("both", 0, 2, states, states, None))
    reporter.update(SearchUpdate("both", 1, 2, 1000, 1000, 5.0))
    reporter.update(SearchUpdate("both", 2, 2, 2000, 2000, 9.0))
    assert [event.block for event in events if isinstance(event, SearchProgress)] == [0, 1, 2]


def outcomes(**medians: float) -> dict[str, Outcome]:
    nothing: Any = None
    return {name: Outcome(Measurement((median,) * 3), nothing) for name, median in medians.items()}


def check(error: float) -> OutputCheck:
    return OutputCheck(error, 1e-5)


def test_that_the_fastest_measured_candidate_wins() -> None:
    assert choose(outcomes(sequential=10, greedy=7, both=5), {}, context_of([])) == "both"


def test_that_nothing_slower_than_sequential_wins() -> None:
    assert choose(outcomes(sequential=10, greedy=10, both=11), {}, context_of([])) == "sequential"


def test_that_wrong_outputs_never_win() -> None:
    checks = {"sequential": check(0), "greedy": check(1e-6), "both": check(float("inf"))}
    events: list[Event] = []
    assert choose(outcomes(sequential=10, greedy=7, both=5), checks, context_of(events)) == "greedy"
    (entry,) = [event for event in events if isinstance(event, LogLine)]
    assert "1 with wrong outputs" in entry.reason


def test_that_the_baseline_stands_when_nothing_is_right() -> None:
    checks = {name: check(1.0) for name in ("sequential", "greedy")}
    assert choose(outcomes(sequential=10, greedy=7), checks, context_of([])) == "sequential"


class CountingExecutable:
    """Notes in which order it was measured."""

    def __init__(self, name: str, order: list[tuple[str, int]]) -> None:
        self.name, self.order = name, order

    def measure(self, repeats: int) -> Measurement:
        self.order.append((self.name, repeats))
        return Measurement((1.0,) * repeats)


@pytest.mark.parametrize("repeats", [1, 3, 10, 57])
def test_that_candidates_are_measured_in_turns_and_nothing_is_lost(repeats: int) -> None:
    order: list[tuple[str, int]] = []
    executables: Any = {name: CountingExecutable(name, order) for name in ("a", "b")}
    found = measure_interleaved(executables, repeats)
    assert {name: len(measurement.samples_us) for name, measurement in found.items()} == {"a": repeats, "b": repeats}
    assert [name for name, _ in order] == ["a", "b"] * (len(order) // 2)
    assert len(order) >= 2 * min(repeats, 10)


@pytest.mark.parametrize(
    ("output", "expected", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.2], [1.0, 2.0], 0.2 / 5**0.5),
        ([1.0, np.nan], [1.0, np.nan], 0.0),
        ([1.0, np.nan], [1.0, 2.0], float("inf")),
        ([1.0, np.inf], [1.0, -np.inf], float("inf")),
        ([1.0, 2.0], [1.0, np.inf], float("inf")),
        ([0.5, 0.0], [0.0, 0.0], 0.5),
        ([[1.0, 2.0]], [1.0, 2.0], float("inf")),
        ([], [], 0.0),
        ([1, 2, 3, 4], [1, 2, 3, 5], 0.25),
        ([True, False], [True, True], 0.5),
    ],
)
def test_that_errors_are_relative_and_never_hide_what_is_not_finite(output: Any, expected: Any, error: float) -> None:
    found = largest_error({"y": np.array(output)}, {"y": np.array(expected)})
    assert found == pytest.approx(error)


def test_that_the_worst_output_counts_and_a_missing_one_is_the_worst() -> None:
    one, two = np.ones(4), np.full(4, 2.0)
    assert largest_error({"a": one, "b": one}, {"a": one, "b": two}) == 0.5
    assert largest_error({"a": one}, {"a": one, "b": two}) == float("inf")


def chain(length: int, dtype: DType = DType.FLOAT32) -> Graph:
    tensors = {f"t{i}": Tensor(f"t{i}", (4,), dtype) for i in range(length + 1)}
    operators = tuple(
        make_operator(
            f"o{i}",
            OperatorKind.POINTWISE,
            [Primitive("Relu", (f"t{i}",), (f"t{i + 1}",))],
            constants={},
            outputs=(f"t{i + 1}",),
            sources=(),
        )
        for i in range(length)
    )
    return Graph("chain", operators, tensors, {}, ("t0",), (f"t{length}",))


def test_that_the_tolerance_grows_with_the_longest_chain() -> None:
    assert longest_chain(diamond()) == 3
    assert tolerance_for(diamond(), Precision.FP32) == 1e-5
    assert tolerance_for(chain(64), Precision.FP32) == pytest.approx(4e-5)
    assert tolerance_for(chain(64), Precision.FP16) == pytest.approx(4e-3)


def test_that_a_model_of_16_bit_floats_is_compared_as_such() -> None:
    assert tolerance_for(chain(64, DType.FLOAT16), Precision.FP32) == tolerance_for(chain(64), Precision.FP16)
    assert tolerance_for(chain(64, DType.BFLOAT16), Precision.FP16) == tolerance_for(chain(64), Precision.BF16)


@pytest.mark.parametrize(
    ("options", "kind", "word"),
    [
        (OptimizeOptions(mode="magic"), CommandError, "magic"),
        (OptimizeOptions(precision="fp8"), CommandError, "fp8"),
        (OptimizeOptions(repeats=0), CommandError, "1 to 1,000,000"),
        (OptimizeOptions(batch=0), CommandError, "batch"),
        (OptimizeOptions(search_seconds=0), ScheduleError, "positive"),
        (OptimizeOptions(max_group_operators=0), ScheduleError, "from 1 to"),
        (OptimizeOptions(max_stage_groups=1000), ScheduleError, "from 1 to"),
    ],
)
def test_that_settings_out_of_range_are_named(options: OptimizeOptions, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind, match=word):
        check_settings(options)


def test_that_an_output_is_checked_without_leaving_anything(tmp_path: Path) -> None:
    check_output(tmp_path / "x.warploom")
    assert list(tmp_path.iterdir()) == []


def test_that_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "none" / "x", tmp_path / "file" / "x", Path("/dev/null")):
        with pytest.raises(CommandError):
            check_output(path)
    check_output(tmp_path / "file")


def test_that_an_output_never_replaces_what_it_is_made_from(tmp_path: Path) -> None:
    model, link = tmp_path / "net.onnx", tmp_path / "link"
    model.write_bytes(b"weights")
    link.symlink_to(model)
    for path in (model, link, tmp_path / "." / "net.onnx"):
        with pytest.raises(CommandError, match="would replace the file that it is made from"):
            check_output(path, model)
    check_output(tmp_path / "net.warploom", model)


def test_that_a_link_that_leads_nowhere_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "astray").symlink_to(tmp_path / "none" / "x")
    (tmp_path / "new").symlink_to(tmp_path / "x")
    with pytest.raises(CommandError, match="loop of links"):
        check_output(tmp_path / "loop")
    with pytest.raises(CommandError, match="none for the output astray does not exist"):
        check_output(tmp_path / "astray")
    check_output(tmp_path / "new")


class RefusingDevice:
    """Runs everything but some primitives."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    @property
    def info(self) -> Any:
        from warploom.device.simulated.description import load_description

        return load_description("h200").info

    def supports(self, graph: Graph, operator: Any, precision: Precision) -> Support:
        del graph, precision
        return Support(operator.main.op not in self.refused, "no such kernel")


def test_that_operators_that_the_device_does_not_run_are_named_with_their_nodes() -> None:
    device: Any = RefusingDevice("Tanh", "Concat")
    with pytest.raises(UnsupportedOperatorError) as caught:
        check_support(diamond(), device, Precision.FP32)
    message = str(caught.value)
    assert "2 of the 4 operators" in message
    assert "Tanh (node nc: no such kernel)" in message
    assert "warploom ops" in message


def test_that_one_reason_for_everything_is_said_once() -> None:
    device: Any = RefusingDevice("Relu", "Sigmoid", "Tanh", "Concat")
    with pytest.raises(UnsupportedOperatorError) as caught:
        check_support(diamond(), device, Precision.FP32)
    assert str(caught.value).count("no such kernel") == 1
