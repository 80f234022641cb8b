"""Merges operators that read one tensor into one wider operator (horizontal fusion; IOS, MLSys 2021, section 3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError
from warploom.graph import Attributes, Constant, Graph, Operator, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.passes.merge_member import Member, constant_obstacle, member_obstacle
from warploom.passes.merge_weights import merged_bias, merged_operand, merged_weight
from warploom.passes.merge_windows import CommonWindow, Window, common_window

if TYPE_CHECKING:
    from warploom.schedule.stream_plan import Launch, StreamPlan


def merge_obstacle(graph: Graph, names: Sequence[str]) -> str | None:
    """Why operators cannot be merged; None when they can.

    Rules:

    1. Each is a Conv with group 1, or a Gemm or MatMul with a constant right operand, followed by pointwise functions
       of its result only (bias, activation), with one output; all read the same tensor and nothing else.
    2. All begin with the same primitive, alike in stride and dilation (Conv) or scaling and transposition (Gemm).
    3. Their epilogues are the same functions. Constants in them are either equal or one value per output channel.
    4. Convolution kernels of different size or padding merge only where zeros around the smaller ones make them
       compute exactly the same (see `common_window`).
    """
    if len(names) < 2:
        return "a single operator has nothing to merge with"
    if len(set(names)) < len(names):
        return "an operator is named twice"
    operators = [graph.operator(name) for name in names]
    for operator in operators:
        obstacle = member_obstacle(graph, operator)
        if obstacle:
            return f"{operator.name!r} {obstacle}"
    members = [Member.of(graph, operator) for operator in operators]
    return _difference(members) or constant_obstacle(graph, members) or _window_obstacle(graph, members)


def merge_operators(
    graph: Graph, names: Sequence[str]
) -> tuple[Operator, Mapping[str, Tensor], Mapping[str, Constant]]:
    """The one Operator that computes what several do, with the tensors and constants that it adds to the graph.

    It is one Conv, Gemm or MatMul with the weights joined along the output channels, the common epilogue, and a
    Split into the members' own output tensors, so that nobody else notices. Its name joins the members' with " & ",
    as `Launch.name` does.

    Raises:
        ScheduleError: If they cannot be merged, with the reason.
    """
    obstacle = merge_obstacle(graph, names)
    if obstacle:
        raise ScheduleError(f"The operators {', '.join(map(repr, names))} cannot be merged: {obstacle}.")
    members = [Member.of(graph, graph.operator(name)) for name in names]
    builder = _Builder(graph, members)
    builder.add_product()
    builder.add_epilogue()
    builder.add_split()
    operator = make_operator(
        builder.name,
        members[0].operator.kind,
        builder.body,
        constants={**graph.constants, **builder.constants},
        outputs=[member.operator.outputs[0] for member in members],
        sources=[source for member in members for source in member.operator.sources],
        members=names,
    )
    return operator, builder.tensors, builder.constants


def lower_merges(graph: Graph, plan: StreamPlan) -> Graph:
    """The Graph that a plan executes: one Operator per launch, named as the launch, in the plan's order.

    Raises:
        ScheduleError: If a launch merges operators that cannot be merged.
    """
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    operators = [_launched(graph, launch, tensors, constants) for launch in plan.launches]
    return graph.replace(operators=operators, tensors=tensors, constants=constants)


def _launched(graph: Graph, launch: Launch, tensors: dict[str, Tensor], constants: dict[str, Constant]) -> Operator:
    if len(launch.operators) == 1:
        return graph.operator(launch.operators[0])
    operator, extra_tensors, extra_constants = merge_operators(graph, launch.operators)
    tensors.update(extra_tensors)
    constants.update(extra_constants)
    return operator


def _difference(members: Sequence[Member]) -> str | None:
    first = members[0]
    for member in members[1:]:
        for what, mine, others in (
            ("read different tensors", first.operator.inputs, member.operator.inputs),
            ("are of different kinds", first.main.op, member.main.op),
            ("have different element types", first.output.dtype, member.output.dtype),
            ("have weights of different depth", first.weight_depth, member.weight_depth),
            ("scale or transpose differently", first.product_attributes, member.product_attributes),
            ("end in different functions", first.epilogue_signature, member.epilogue_signature),
        ):
            if mine != others:
                return f"{first.operator.name!r} and {member.operator.name!r} {what}"
    return None


def _window_obstacle(graph: Graph, members: Sequence[Member]) -> str | None:
    windows = _common_windows(graph, members)
    return windows if isinstance(windows, str) else None


def _common_windows(graph: Graph, members: Sequence[Member]) -> list[CommonWindow] | str:
    """The merged convolution's windows, one per spatial axis (none for matrix products), or why there are none."""
    result: list[CommonWindow] = []
    axes = len(members[0].output.shape) - 2 if members[0].main.op == "Conv" else 0
    for axis in range(axes):
        window = common_window([_window(graph, member, axis) for member in members])
        if isinstance(window, str):
            return window
        result.append(window)
    return result


def _window(graph: Graph, member: Member, axis: int) -> Window:
    conv = member.main
    pads = conv.integers("pads")
    return Window(
        kernel=graph.tensors[member.weight].shape[2 + axis],
        pad_begin=pads[axis],
        pad_end=pads[axis + len(pads) // 2],
        stride=conv.integers("strides")[axis],
        dilation=conv.integers("dilations")[axis],
        size=graph.tensors[conv.inputs[0]].shape[2 + axis],
        output=member.output.shape[2 + axis],
    )


class _Builder:
    """Collects the merged Operator's body, tensors and constants, primitive by primitive."""

    def __init__(self, graph: Graph, members: Sequence[Member]) -> None:
        self.name = " & ".join(member.operator.name for member in members)
        self.body: list[Primitive] = []
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, Constant] = {}
        self._graph = graph
        self._members = members
        self._first = members[0]
        self._channels = [member.channels for member in members]
        output = self._first.output
        shape = list(output.shape)
        shape[self._first.axis] = sum(self._channels)
        self._output = dataclasses.replace(output, shape=tuple(shape))

    def add_product(self) -> None:
        windows = _common_windows(self._graph, self._members)
        if isinstance(windows, str):  # merge_obstacle has been asked before
            raise ScheduleError(f"{self.name!r} cannot be merged: {windows}.")
        main = self._first.main
        inputs = [main.inputs[0], self._constant("weight", merged_weight(self._graph, self._members, windows))]
        bias = merged_bias(self._graph, self._members)
        if bias is not None:
            inputs.append(self._constant("bias", bias))
        new_attributes = _with_windows(main, windows) if windows else main.attributes
        self._add(dataclasses.replace(main, inputs=tuple(inputs), attributes=new_attributes), 0)

    def add_epilogue(self) -> None:
        inner = {output: i for i, primitive in enumerate(self._first.operator.body) for output in primitive.outputs}
        for i, primitive in enumerate(self._first.epilogue, start=1):
            inputs: list[str] = []
            for slot, name in enumerate(primitive.inputs):
                if not name:
                    inputs.append(name)
                elif name in inner:
                    inputs.append(self._inner(inner[name]))
                else:
                    inputs.append(self._constant(f"{i}.{slot}", merged_operand(self._graph, self._members, i, slot)))
            self._add(dataclasses.replace(primitive, inputs=tuple(inputs)), i)

    def add_split(self) -> None:
        self.body.append(
            Primitive(
                op="Split",
                inputs=self.body[-1].outputs,
                outputs=tuple(member.operator.outputs[0] for member in self._members),
                attributes=attributes(axis=self._first.axis, split=tuple(self._channels)),
                source=self._first.main.source,
            )
        )

    def _add(self, primitive: Primitive, index: int) -> None:
        name = self._inner(index)
        self.tensors[name] = dataclasses.replace(
            self._output, name=name, dtype=self._graph.tensors[primitive.outputs[0]].dtype
        )
        self.body.append(dataclasses.replace(primitive, outputs=(name,)))

    def _inner(self, index: int) -> str:
        return f"{self.name}/{index}"

    def _constant(self, role: str, constant: Constant) -> str:
        name = f"{self.name}/{role}"
        self.constants[name] = constant
        self.tensors[name] = Tensor(name, constant.shape, constant.dtype)
        return name


def _with_windows(conv: Primitive, windows: Sequence[CommonWindow]) -> Attributes:
    values = dict(conv.attributes)
    values["kernel_shape"] = tuple(window.kernel for window in windows)
    values["pads"] = (*(window.pad_begin for window in windows), *(window.pad_end for window in windows))
    values["dilations"] = tuple(window.dilation for window in windows)
    return attributes(**values)
