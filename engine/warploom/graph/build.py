"""Makes Operators from primitives: works out what a body reads and writes, so that no pass repeats it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from warploom.graph.constant import Constant
from warploom.graph.operator import Operator, OperatorKind, Primitive


def make_operator(
    name: str,
    kind: OperatorKind,
    body: Sequence[Primitive],
    *,
    constants: Mapping[str, Constant],
    outputs: Iterable[str],
    sources: Iterable[str],
    members: Iterable[str] = (),
) -> Operator:
    """An Operator whose inputs and weights follow from its body.

    Args:
        name: Unique name.
        kind: What dominates it.
        body: Primitives in execution order.
        constants: The graph's constants: names found here become `weights`.
        outputs: Tensor names that something outside reads.
        sources: ONNX node names; duplicates are dropped, order kept.
        members: Names of merged Operators.
    """
    produced = {output for primitive in body for output in primitive.outputs}
    read = dict.fromkeys(name for primitive in body for name in primitive.inputs if name and name not in produced)
    return Operator(
        name=name,
        kind=kind,
        body=tuple(body),
        inputs=tuple(name for name in read if name not in constants),
        weights=tuple(name for name in read if name in constants),
        outputs=tuple(outputs),
        sources=tuple(dict.fromkeys(source for source in sources if source)),
        members=tuple(members),
    )


def with_body(
    operator: Operator,
    body: Sequence[Primitive],
    constants: Mapping[str, Constant],
    outputs: Iterable[str] | None = None,
) -> Operator:
    """The same Operator (name, kind, sources, members) with another body.

    Args:
        operator: The Operator.
        body: Primitives in execution order.
        constants: The graph's constants: names found here become `weights`.
        outputs: As in `make_operator`; the Operator's own unless given.
    """
    return make_operator(
        operator.name,
        operator.kind,
        body,
        constants=constants,
        outputs=operator.outputs if outputs is None else outputs,
        sources=operator.sources,
        members=operator.members,
    )
