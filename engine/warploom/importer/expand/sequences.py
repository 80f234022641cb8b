"""Sequences of tensors: lists that are known on import, so that nothing of them is left in a Graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from warploom.graph import DType
from warploom.importer.expand.writer import Expander, Writer


def _sequence(writer: Writer, position: int = 0) -> tuple[str, ...]:
    found = writer.scope.sequences.get(writer.node.input(position))
    if found is None:
        raise writer.node.failure(
            "works on a sequence whose elements are not known before the model runs; Warploom needs fixed tensors: "
            "export the model without sequences."
        )
    return found


def _keep(writer: Writer, names: tuple[str, ...]) -> None:
    writer.scope.sequences[writer.node.outputs[0]] = names


def _place(writer: Writer, position: int, size: int) -> int:
    index = int(writer.array(position, "position").reshape(-1)[0])
    index = index + size if index < 0 else index
    if not 0 <= index < max(size, 1):
        raise writer.node.failure(f"names the element {index} of a sequence of {size}.")
    return index


def empty(writer: Writer) -> None:
    """SequenceEmpty."""
    _keep(writer, ())


def construct(writer: Writer) -> None:
    """SequenceConstruct."""
    _keep(writer, writer.node.inputs)


def insert(writer: Writer) -> None:
    """SequenceInsert: at the end by default."""
    names = _sequence(writer)
    index = _place(writer, 2, len(names) + 1) if writer.node.input(2) else len(names)
    _keep(writer, (*names[:index], writer.node.input(1), *names[index:]))


def erase(writer: Writer) -> None:
    """SequenceErase: the last by default."""
    names = _sequence(writer)
    index = _place(writer, 1, len(names)) if writer.node.input(1) else len(names) - 1
    _keep(writer, (*names[:index], *names[index + 1 :]))


def at(writer: Writer) -> None:
    """SequenceAt."""
    names = _sequence(writer)
    index = _place(writer, 1, len(names))
    if not names:
        raise writer.node.failure("names an element of an empty sequence.")
    writer.result(names[index])


def length(writer: Writer) -> None:
    """SequenceLength."""
    writer.result(writer.constant(np.asarray(len(_sequence(writer))), DType.INT64))


def join(writer: Writer) -> None:
    """ConcatFromSequence."""
    names, axis = _sequence(writer), writer.node.integer("axis", 0)
    if not names:
        raise writer.node.failure("joins an empty sequence: export the model without it.")
    if writer.node.integer("new_axis", 0):
        names = tuple(writer.unsqueeze(name, axis) for name in names)
    writer.op("Concat", *names, axis=axis, to=writer.node.outputs[0])


def split(writer: Writer) -> None:
    """SplitToSequence: into single elements, pieces of one size, or of the sizes given."""
    x, axis = writer.node.input(0), writer.node.integer("axis", 0)
    size = writer.shape(x)[axis]
    single = not writer.node.input(1)
    if single:
        sizes = [1] * size
    else:
        given = writer.array(1, "sizes")
        piece = int(given.reshape(-1)[0])
        sizes = [int(value) for value in given] if given.ndim else [min(piece, size - i) for i in range(0, size, piece)]
    parts = writer.split(x, axis, sizes)
    if single and not writer.node.integer("keepdims", 1):
        parts = tuple(writer.squeeze(part, axis) for part in parts)
    _keep(writer, parts)


def identity(writer: Writer) -> None:
    """Identity of a sequence."""
    _keep(writer, _sequence(writer))


EXPANDERS: Mapping[str, Expander] = {
    "SequenceEmpty": empty,
    "SequenceConstruct": construct,
    "SequenceInsert": insert,
    "SequenceErase": erase,
    "SequenceAt": at,
    "SequenceLength": length,
    "ConcatFromSequence": join,
    "SplitToSequence": split,
}
