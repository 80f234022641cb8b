"""Every primitive has a kind, and a body has that of its heaviest."""

from __future__ import annotations

import pytest

from warploom.graph import DType, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.kinds import KINDS, kind_of, kind_of_body


def conv(group: int) -> Primitive:
    return Primitive("Conv", ("x", "w"), ("y",), attributes(group=group))


@pytest.mark.parametrize(
    ("group", "shape", "kind"),
    [
        (1, (8, 4, 3, 3), OperatorKind.CONV),
        (1, (8, 1, 3, 3), OperatorKind.CONV),
        (2, (8, 2, 3, 3), OperatorKind.CONV),
        (4, (4, 1, 3, 3), OperatorKind.DEPTHWISE),
        (4, (8, 1, 3, 3), OperatorKind.DEPTHWISE),
    ],
)
def test_that_one_channel_per_group_makes_a_convolution_depthwise(group, shape, kind) -> None:
    assert kind_of(conv(group), {"w": Tensor("w", shape, DType.FLOAT32)}) is kind


def test_that_unknown_operators_are_other() -> None:
    assert kind_of(Primitive("custom::Magic", ("x",), ("y",)), {}) is OperatorKind.OTHER


def test_that_a_body_has_the_kind_of_its_heaviest() -> None:
    relu, add = Primitive("Relu", ("y",), ("z",)), Primitive("Add", ("z", "x"), ("o",))
    tensors = {"w": Tensor("w", (8, 4, 3, 3), DType.FLOAT32)}
    assert kind_of_body((conv(1), relu, add), tensors) is OperatorKind.CONV
    assert kind_of_body((relu, add), tensors) is OperatorKind.POINTWISE
    assert kind_of_body((Primitive("Reshape", ("x",), ("y",)), relu), tensors) is OperatorKind.POINTWISE


def test_that_no_operator_has_two_kinds() -> None:
    from warploom.graph.kinds import _OPS_BY_KIND

    assert len(KINDS) == sum(len(ops) for ops in _OPS_BY_KIND.values())
