"""Operators whose choice of elements is known on import, written as gathers and constants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from warploom.graph import DType
from warploom.importer.element_types import dtype_of
from warploom.importer.expand.writer import Expander, Writer


def compress(writer: Writer) -> None:
    """Compress with a constant condition: a Gather."""
    node = writer.node
    places = np.flatnonzero(writer.array(1, "condition"))
    axis = node.values.get("axis")
    x = node.input(0) if axis is not None else writer.reshape(node.input(0), -1)
    writer.op("Gather", x, writer.constant(places, DType.INT64), axis=int(axis or 0), to=node.outputs[0])


def reverse_sequence(writer: Writer) -> None:
    """ReverseSequence with constant lengths: a Gather along both axes."""
    node = writer.node
    x, lengths = node.input(0), writer.array(1, "lengths")
    batch, time = node.integer("batch_axis", 1), node.integer("time_axis", 0)
    steps = np.arange(writer.shape(x)[time])
    turned = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    if (turned == turned[0]).all():
        writer.op("Gather", x, writer.constant(turned[0], DType.INT64), axis=time, to=node.outputs[0])
        return
    rank = len(writer.shape(x))
    rest = [axis for axis in range(rank) if axis not in (batch, time)]
    order = (batch, time, *rest)
    places = writer.constant(turned[..., None], DType.INT64)
    gathered = writer.op("GatherND", writer.transpose(x, order), places, batch_dims=1)
    writer.result(writer.transpose(gathered, [order.index(axis) for axis in range(rank)]))


def eye_like(writer: Writer) -> None:
    """EyeLike: a constant."""
    node = writer.node
    given = node.values.get("dtype")
    dtype = writer.dtype(node.input(0)) if given is None else dtype_of(int(given), f"The output of {node.name!r}")
    rows, columns = writer.shape(node.input(0))
    writer.result(writer.constant(np.eye(rows, columns, node.integer("k", 0)), dtype))


EXPANDERS: Mapping[str, Expander] = {"Compress": compress, "ReverseSequence": reverse_sequence, "EyeLike": eye_like}
