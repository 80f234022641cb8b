"""Sessions: a Graph lowered once for all plans that merge the same, and merges costed where they stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from warploom.device.cuda import session as session_module
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.memory_plan import Work, ordered_after, plan_memory
from warploom.device.cuda.races import check_races
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.session import GraphSession
from warploom.device.cuda.steps import Choice, PlainStep, Program
from warploom.graph import ArrayConstant, DType, Graph, Precision, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.graph.kinds import kind_of
from warploom.schedule import Launch, StreamPlan


class Resolver(StepResolver):
    """Takes what asks most of the library, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, programs: Sequence[Program], precision: Precision) -> list[Work]:
        self.asked += 1
        return [self.as_work(tuple(self._plain(program)), precision, name=program.operator) for program in programs]

    def as_work(self, steps: tuple[PlainStep, ...], precision: Precision, name: str = "measured") -> Work:
        del precision
        return Work(name, steps, {})

    @staticmethod
    def _plain(program: Program) -> list[PlainStep]:
        chosen: list[PlainStep] = []
        for step in program.steps:
            chosen += step.alternatives[0] if isinstance(step, Choice) else (step,)
        return chosen


def two_branches(*, joined: bool) -> Graph:
    """Three convolutions with 1x1 kernels on one tensor; joined by a Concat, or each an output of its own."""
    tensors = {"x": Tensor("x", (1, 16, 8, 8), DType.FLOAT32)}
    constants = {}
    operators = []
    names = ("a", "b", "c")
    for name in names:
        weight = np.ones((16, 16, 1, 1), np.float32)
        constants[f"{name}.w"] = ArrayConstant.of(weight)
        tensors[f"{name}.w"] = Tensor(f"{name}.w", weight.shape, DType.FLOAT32)
        tensors[name] = Tensor(name, (1, 16, 8, 8), DType.FLOAT32)
        conv = Primitive(
            "Conv",
            ("x", f"{name}.w"),
            (name,),
            attributes(kernel_shape=(1, 1), pads=(0, 0, 0, 0), strides=(1, 1), dilations=(1, 1), group=1),
        )
        operators.append(
            make_operator(name, kind_of(conv, tensors), [conv], constants=constants, outputs=[name], sources=[name])
        )
    outputs = names
    if joined:
        # c in the middle: a and b merged cannot lie where the Concat wants them.
        concat = Primitive("Concat", ("a", "c", "b"), ("y",), attributes(axis=1))
        tensors["y"] = Tensor("y", (1, 48, 8, 8), DType.FLOAT32)
        operators.append(
            make_operator("y", kind_of(concat, tensors), [concat], constants=constants, outputs=["y"], sources=["y"])
        )
        relu = Primitive("Relu", ("y",), ("z",))
        tensors["z"] = Tensor("z", (1, 48, 8, 8), DType.FLOAT32)
        operators.append(
            make_operator("z", kind_of(relu, tensors), [relu], constants=constants, outputs=["z"], sources=["z"])
        )
        outputs = ("z",)
    return Graph("g", tuple(operators), tensors, constants, ("x",), outputs)


def plan(*groups: str) -> StreamPlan:
    return StreamPlan("p", tuple(Launch(tuple(group.split()), 0) for group in groups))


def test_that_plans_that_merge_the_same_share_a_form() -> None:
    resolver = Resolver()
    session = GraphSession(two_branches(joined=False), Precision.FP16, resolver)
    assert session.form(plan("a", "b", "c")) is session.form(plan("c", "b", "a"))
    assert session.form(plan("a b", "c")) is session.form(plan("c", "a b"))
    assert resolver.asked == 2
    assert session.form(plan("a b", "c")).works.keys() == {"a & b", "c"}


def test_that_the_forms_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_KEPT_FORMS", 2)
    session = GraphSession(two_branches(joined=False), Precision.FP16, Resolver())
    unmerged = session.form(plan("a", "b", "c"))
    session.form(plan("a b", "c"))
    assert session.form(plan("a", "b", "c")) is unmerged
    session.form(plan("a c", "b"))
    assert session.form(plan("a", "b", "c")) is unmerged


def test_that_a_merge_that_disturbs_a_concat_costs_the_copies_too() -> None:
    session = GraphSession(two_branches(joined=True), Precision.FP16, Resolver())
    assert session.operator_works()["y"].steps == ()  # all is written in place
    apart = session.merged_work(("a", "b"))
    assert apart is not None
    assert apart.name == "a & b"
    assert any(region.buffer == "y" for step in apart.steps for region in step.writes)
    assert len(apart.steps) > 1
    in_place = session.merged_work(("c", "b"))
    assert in_place is not None
    assert len(in_place.steps) == 1  # these two stand side by side in the Concat


def test_that_an_impossible_merge_is_none() -> None:
    session = GraphSession(two_branches(joined=True), Precision.FP16, Resolver())
    assert session.merged_work(("a", "y")) is None
    assert session.merged_work(("a", "y")) is None


def test_that_merges_prepared_together_are_resolved_at_once_and_the_same_as_one_by_one() -> None:
    names: list[tuple[str, ...]] = [("a", "b"), ("a", "y"), ("a", "c"), ("a", "b")]
    together, alone = (GraphSession(two_branches(joined=True), Precision.FP16, Resolver()) for _ in range(2))
    together.prepare_merges(names)
    asked = cast("Resolver", together.resolver).asked
    assert [together.merged_work(merge) for merge in names] == [alone.merged_work(merge) for merge in names]
    assert cast("Resolver", together.resolver).asked == asked


@pytest.mark.parametrize(
    "groups", [("a", "b", "c", "y", "z"), ("a b", "c", "y", "z"), ("a c", "b", "y", "z"), ("a b c", "y", "z")]
)
def test_that_every_form_has_memory_without_races(groups: tuple[str, ...]) -> None:
    session = GraphSession(two_branches(joined=True), Precision.FP16, Resolver())
    merged = plan(*groups)
    form = session.form(merged)
    works = [form.entry, *(form.works[launch.name] for launch in merged.launches)]
    order = ordered_after(merged)
    check_races("p", works, order, plan_memory(form.lowered.buffers, works, order).ranges)


def test_that_shared_places_are_those_of_a_chain_unless_there_are_integers() -> None:
    graph = two_branches(joined=True)
    places = GraphSession(graph, Precision.FP16, Resolver()).shared_places()
    assert set(places) == {"x", "y"} | ({"z"} & set(places))
    with_integers = dataclasses.replace(graph, tensors={**graph.tensors, "n": Tensor("n", (1,), DType.INT64)})
    assert GraphSession(with_integers, Precision.FP16, Resolver()).shared_places() == {}


class WithWorkspaces(Resolver):
    """Kernels that need memory of their own."""

    def as_work(self, steps: tuple[PlainStep, ...], precision: Precision, name: str = "measured") -> Work:
        return dataclasses.replace(super().as_work(steps, precision, name), workspace_bytes=4096)


def test_that_workspaces_share_no_bytes_while_plans_are_measured_that_run_them_side_by_side() -> None:
    graph = two_branches(joined=True)
    with_workspaces = GraphSession(graph, Precision.FP16, WithWorkspaces()).shared_places()
    without = GraphSession(graph, Precision.FP16, Resolver()).shared_places()
    assert set(with_workspaces) == set(without)


def test_that_weights_of_kernels_that_were_not_chosen_are_not_made() -> None:
    tensors = {"x": Tensor("x", (1, 3, 8, 8), DType.FLOAT32), "y": Tensor("y", (1, 16, 6, 6), DType.FLOAT32)}
    constants = {"w": ArrayConstant.of(np.ones((16, 3, 3, 3), np.float32))}
    tensors["w"] = Tensor("w", (16, 3, 3, 3), DType.FLOAT32)
    conv = Primitive(
        "Conv",
        ("x", "w"),
        ("y",),
        attributes(kernel_shape=(3, 3), pads=(0, 0, 0, 0), strides=(1, 1), dilations=(1, 1), group=1),
    )
    operator = make_operator("y", kind_of(conv, tensors), [conv], constants=constants, outputs=["y"], sources=["y"])
    graph = Graph("stem", (operator,), tensors, constants, ("x",), ("y",))
    assert len(lower_graph(graph, Precision.FP16).weights) > 1  # own kernels want them in other orders
    form = GraphSession(graph, Precision.FP16, Resolver()).form(StreamPlan("unmerged", ()))
    (weight,) = form.lowered.weights
    assert weight in {region.buffer for step in form.works["y"].steps for region in step.reads}
    assert form.lowered.weight_bytes == form.lowered.weights[weight].layout.size_bytes
