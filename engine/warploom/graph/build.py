"""Makes Operators from primitives: works out what a body reads and writes, so that no pass repeats it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

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
        outputs: Tensor names that something outside reads (see `visible_outputs`).
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


def visible_outputs(body: Sequence[Primitive], read_outside: Container[str]) -> tuple[str, ...]:
    """The tensors written by `body` that something outside it reads ("nobody outside uses the inner values")."""
    return tuple(out for primitive in body for out in primitive.outputs if out and out in read_outside)
