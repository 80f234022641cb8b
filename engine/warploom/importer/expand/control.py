"""If, Loop and Scan as the nodes that run, one after the other.

The course of loops has to be known before the model runs. Where a branch's is not, both run and the condition selects
between their results: a graph that is captured once has no other way, and nothing that a node does can be noticed but
its results.
"""

from __future__ import annotations

from collections.abc import Mapping

from onnx import AttributeProto, GraphProto, NodeProto

from warploom.graph import DType
from warploom.importer.expand.writer import Expander, Writer
from warploom.importer.inline import inlined

_MOST_ITERATIONS = 1024
_DONE = "warploom_done"
"""Attribute of what is left of a node: of a Loop the iterations done, what they handed out being sequences, inputs
behind its own; of an If that both branches are written, the results of one and the other being its inputs."""


def is_decided(writer: Writer) -> bool:
    """Whether what a node will run can be known now."""
    node, scope = writer.node, writer.scope
    if node.op == "Loop":
        given = [name for name in node.inputs[:2] if name]
        return all(scope.array(name) is not None for name in given)
    return node.op == "If" or node.opset > 8


def if_(writer: Writer) -> None:
    """The branch that its condition chooses, or both where that is not known."""
    if writer.node.integer(_DONE, 0):
        _select(writer)
        return
    if writer.scope.array(writer.node.input(0)) is None:
        _write_both(writer)
        return
    chosen = "then_branch" if writer.array(0, "condition").all() else "else_branch"
    outputs = tuple(writer.output(position) for position in range(len(writer.node.outputs)))
    for position, name in enumerate(_run(writer, _graph(writer, chosen), (), outputs)):
        if name != outputs[position]:
            writer.result(name, position)


def _write_both(writer: Writer) -> None:
    """The nodes of both branches, and an If for the choice, whose shapes are known once those of the nodes are."""
    node = writer.node
    results = [_run(writer, _graph(writer, name), ()) for name in ("then_branch", "else_branch")]
    rest = NodeProto(op_type="If", input=[node.input(0), *results[0], *results[1]], output=node.outputs)
    rest.attribute.append(AttributeProto(name=_DONE, type=AttributeProto.INT, i=1))
    writer.add([rest], node.opset)


def _select(writer: Writer) -> None:
    """The results of one branch or the other."""
    node = writer.node
    count = len(node.outputs)
    condition, yes, no = node.input(0), node.inputs[1 : 1 + count], node.inputs[1 + count :]
    if ones := writer.shape(condition):
        condition = writer.squeeze(condition, *range(len(ones)))
    for position, pair in enumerate(zip(yes, no, strict=True)):
        if not writer.output(position):
            continue
        if not all(name in writer.scope.tensors for name in pair):
            raise node.failure("chooses between sequences while the model runs: export the model with tensors.")
        first, second = map(writer.shape, pair)
        if first != second:
            raise node.failure(
                f"decides while the model runs whether its output {node.outputs[position]!r} has the shape "
                f"{list(first)} or {list(second)}; Warploom needs fixed shapes: export the model without this branch."
            )
        writer.result(writer.op("Where", condition, *pair), position)


def loop(writer: Writer) -> None:
    """One iteration, and a Loop for the rest; nothing but the results after the last one."""
    node, scope = writer.node, writer.scope
    body = _graph(writer, "body")
    done = node.integer(_DONE, 0)
    limit, going = scope.array(node.input(0)), scope.array(node.input(1))
    carried, collected = node.inputs[2 : len(body.input)], node.inputs[len(body.input) :]
    if not done:
        collected = tuple(writer.op("SequenceEmpty") for _ in body.output[1 + len(carried) :])
    if (limit is not None and done >= int(limit.reshape(-1)[0])) or (going is not None and not going.all()):
        _finish(writer, carried, collected)
        return
    if done >= _MOST_ITERATIONS:
        raise node.failure(f"runs more than {_MOST_ITERATIONS} times: export the model with fewer iterations.")
    number = writer.constant(done, DType.INT64, "iteration")
    condition = node.input(1) or writer.constant(True, DType.BOOL, "condition")
    results = _run(writer, body, (number, condition, *carried))
    kept, scanned = results[1 : 1 + len(carried)], results[1 + len(carried) :]
    grown = [writer.op("SequenceInsert", *pair) for pair in zip(collected, scanned, strict=True)]
    inputs = [node.input(0), results[0], *kept, *grown]
    rest = NodeProto(op_type="Loop", input=inputs, output=node.outputs)
    rest.attribute.append(AttributeProto(name="body", type=AttributeProto.GRAPH, g=body))
    rest.attribute.append(AttributeProto(name=_DONE, type=AttributeProto.INT, i=done + 1))
    writer.add([rest], node.opset)


def _finish(writer: Writer, carried: tuple[str, ...], collected: tuple[str, ...]) -> None:
    """The state after the last iteration, and what all of them have handed out."""
    for position, name in enumerate(carried):
        writer.result(name, position)
    for position, name in enumerate(collected, len(carried)):
        if writer.output(position):
            writer.op("ConcatFromSequence", name, axis=0, new_axis=1, to=writer.output(position))


def scan(writer: Writer) -> None:
    """All iterations: their number is a size of the inputs."""
    node, body = writer.node, _graph(writer, "body")
    count = node.integer("num_scan_inputs", 0)
    states, sequences = node.inputs[: len(node.inputs) - count], node.inputs[len(node.inputs) - count :]
    axes = node.integers("scan_input_axes") or (0,) * count
    backwards = node.integers("scan_input_directions") or (0,) * count
    parts = [_parts(writer, *each) for each in zip(sequences, axes, backwards, strict=True)]
    collected: list[list[str]] = [[] for _ in node.outputs[len(states) :]]
    for elements in zip(*parts, strict=True):
        results = _run(writer, body, (*states, *elements))
        states = results[: len(states)]
        for names, new in zip(collected, results[len(states) :], strict=False):
            names.append(new)
    for position, name in enumerate(states):
        writer.result(name, position)
    axes = node.integers("scan_output_axes") or (0,) * len(collected)
    reversed_ = node.integers("scan_output_directions") or (0,) * len(collected)
    for number, names in enumerate(collected):
        if writer.output(len(states) + number):
            order = tuple(reversed(names)) if reversed_[number] else tuple(names)
            _stack(writer, order, axes[number], len(states) + number)


def _parts(writer: Writer, name: str, axis: int, backwards: int) -> list[str]:
    shape = writer.shape(name)
    axis %= len(shape)
    names = (name,) if shape[axis] == 1 else writer.split(name, axis, (1,) * shape[axis])
    parts = [writer.squeeze(part, axis) for part in names]
    return parts[::-1] if backwards else parts


def _stack(writer: Writer, names: tuple[str, ...], axis: int, position: int) -> None:
    """Makes tensors along a new axis an output."""
    raised = [writer.unsqueeze(name, axis) for name in names]
    writer.result(writer.op("Concat", *raised, axis=axis) if len(raised) > 1 else raised[0], position)


def _graph(writer: Writer, name: str) -> GraphProto:
    graph = writer.node.values.get(name)
    if not isinstance(graph, GraphProto):
        raise writer.node.failure(f"has no {name}.")
    return graph


def _run(writer: Writer, graph: GraphProto, inputs: tuple[str, ...], outputs: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Writes a subgraph's nodes, its results under the names given where that is possible."""
    nodes, results = inlined(graph, inputs, writer.scope.new_name, outputs)
    writer.add(nodes, writer.node.opset)
    return tuple(results)


EXPANDERS: Mapping[str, Expander] = {"If": if_, "Loop": loop, "Scan": scan}
