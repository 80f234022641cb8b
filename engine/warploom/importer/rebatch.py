"""Changes the input shapes that a file fixes (another batch, another image size): fixed shapes inside follow.

Exporters write the batch into the shapes of Reshape, Expand and Resize nodes. Both versions of the model are inferred
side by side: where a node's data has grown along one axis, the entry of its shape that holds this axis grows as well.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

from warploom.graph import Constant, LogEntry, Tensor
from warploom.importer.build import GraphBuilder, infer_known
from warploom.importer.weights import make_skeleton, tensor_constant

Shape = tuple[int, ...]
_SHAPE_INPUT = {"Reshape": 1, "Expand": 1, "Resize": 3}


def rebatch(
    model: ModelProto,
    constants: dict[str, Constant],
    inputs: Sequence[str],
    changed: Mapping[str, tuple[Shape, Shape]],
) -> list[LogEntry]:
    """Adapts the fixed shapes inside a model to inputs whose fixed shape was changed.

    Args:
        model: Its inputs have the new shapes; its nodes and initializers are changed in place.
        constants: Its initializers; new ones are added.
        inputs: Names of the inputs that the caller provides.
        changed: Inputs with the shape in the file and the new one.

    Returns:
        What was done, for the build log.

    Raises:
        ModelImportError: If some node does not fit the new sizes.
    """
    log = [
        LogEntry("import", (name,), f"shape {list(after)}", f"The file fixes {list(before)}; another was asked for.")
        for name, (before, after) in changed.items()
    ]
    skeleton = make_skeleton(model, constants)
    before = infer_known(_with_shapes(skeleton, changed, 0), constants, inputs)
    builder = GraphBuilder(_with_shapes(skeleton, changed, 1), constants, inputs)
    batch = next(shape[0] for shape, _ in changed.values() if shape)
    by_output = {node.output[0]: node for node in model.graph.node if node.output}
    edited = []
    for proto, node in builder.nodes():
        if not all(name in builder.tensors for name in proto.input if name):
            continue
        shape = (
            None
            if node.part_of
            else _adapted(proto, before.tensors, before.constants, builder.tensors, builder.constants, batch)
        )
        if shape is not None:
            name = _give_shape(by_output[proto.output[0]], shape, model, constants)
            builder.add_constant(name, constants[name])
            proto.input[_SHAPE_INPUT[proto.op_type]] = name
            node = dataclasses.replace(node, inputs=tuple(proto.input))
            edited.append(node.name)
        builder.infer(proto, node)
    if edited:
        reason = "Their shapes were written for the input sizes in the file; they follow the new ones."
        log.append(LogEntry("import", tuple(edited), "rewritten", reason))
    return log


def _with_shapes(skeleton: ModelProto, changed: Mapping[str, tuple[Shape, Shape]], which: int) -> ModelProto:
    """A copy of the skeleton with the inputs as in the file (0) or as asked for (1)."""
    copy = ModelProto()
    copy.CopyFrom(skeleton)
    for info in copy.graph.input:
        if info.name in changed:
            for dimension, size in zip(info.type.tensor_type.shape.dim, changed[info.name][which], strict=True):
                dimension.dim_value = size
    return copy


def _adapted(
    node: NodeProto,
    before: Mapping[str, Tensor],
    constants_before: Mapping[str, Constant],
    after: Mapping[str, Tensor],
    constants: Mapping[str, Constant],
    batch: int,
) -> Shape | None:
    """The new shape of a node with a fixed one, None if the old one fits."""
    position = _SHAPE_INPUT.get(node.op_type)
    if position is None or node.domain not in ("", "ai.onnx") or len(node.input) <= position:
        return None
    data, name, result = node.input[0], node.input[position], node.output[0]
    if name not in constants or data in constants or data not in before or result not in before:
        return None
    shape = _integers(constants[name])
    old, new = before[data].shape, after[data].shape
    if old == new or shape != _integers(constants_before[name]):  # a shape made from other shapes follows by itself
        return None
    if node.op_type == "Reshape":
        adapted = _reshaped(shape, before[result].shape, old, new, batch)
    else:
        adapted = _stretched(shape, old, new, broadcasts=node.op_type == "Expand")
    return adapted if adapted != shape else None


def _integers(constant: Constant) -> Shape:
    return tuple(int(value) for value in np.ravel(constant.numpy()))


def _reshaped(shape: Shape, result: Shape, old: Shape, new: Shape, batch: int) -> Shape:
    """The shape of a Reshape after one axis of its data has grown.

    Args:
        shape: As it stands in the model; may hold 0 and -1.
        result: The output's shape before.
        old: The data's shape before.
        new: The data's shape now.
        batch: The model's batch before.
    """
    grown = [axis for axis, (before, after) in enumerate(zip(old, new, strict=True)) if before != after]
    if len(grown) != 1:
        return shape
    axis = grown[0]
    target = _axis_holding(axis, old, result, batch)
    if target is None or shape[target] == 0 or result[target] * new[axis] % old[axis]:
        return shape
    adapted = [result[position] if size == -1 else size for position, size in enumerate(shape)]
    adapted[target] = result[target] * new[axis] // old[axis]
    return tuple(adapted)


def _axis_holding(axis: int, old: Shape, result: Shape, batch: int) -> int | None:
    """The axis of a reshaped tensor that holds an axis of the data.

    In this order: the batch alone, split off from the front or the back of the axis; an axis of the same size with as
    much inside; one that joins it with those before it (what follows
    is unchanged); one that begins with it (not the last: those are features); one that ends with it. The first of
    several: batches come first.
    """
    size, inner, following = old[axis], math.prod(old[axis + 1 :]), old[axis + 1 :]
    places = [(position, found, math.prod(result[position + 1 :])) for position, found in enumerate(result)]
    candidates = (
        *(position for position, found, inside in places if found == batch and inside * batch == size * inner),
        *(position for position, found, inside in places if found == batch and inside == inner),
        *(position for position, found, inside in places if found == size and inside == inner),
        *(position for position, _, _ in places if result[position + 1 :] == following),
        *(position for position, found, inside in places[:-1] if found * inside == size * inner),
        *(position for position, _, inside in places if inside == inner),
    )
    return candidates[0] if candidates else None


def _stretched(shape: Shape, old: Shape, new: Shape, *, broadcasts: bool) -> Shape:
    """The shape of an Expand or the sizes of a Resize: entries equal to an axis that has changed follow it."""
    extra = len(shape) - len(old)
    adapted = list(shape)
    for axis, (before, after) in enumerate(zip(old, new, strict=True)):
        if axis + extra >= 0 and shape[axis + extra] == before and not (broadcasts and before == 1):
            adapted[axis + extra] = after
    return tuple(adapted)


def _give_shape(node: NodeProto, shape: Shape, model: ModelProto, constants: dict[str, Constant]) -> str:
    """Gives a node of the model a shape constant of its own; returns its name."""
    name = f"{node.output[0]}/shape"
    while name in constants:
        name += "_"
    tensor = numpy_helper.from_array(np.asarray(shape, np.int64), name)
    model.graph.initializer.append(tensor)
    constants[name] = tensor_constant(tensor)
    node.input[_SHAPE_INPUT[node.op_type]] = name
    return name
