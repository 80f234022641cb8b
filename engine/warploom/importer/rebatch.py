"""Changes the input shapes that a file fixes (another batch, another image size): hard-coded Reshapes follow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, numpy_helper

from warploom.graph import Constant, LogEntry
from warploom.importer.fold import constant_node_value
from warploom.importer.infer import infer_shapes, static_shape
from warploom.importer.weights import make_skeleton, tensor_constant

Shape = tuple[int, ...]
_SHAPED = frozenset({"Reshape", "Expand"})


def rebatch(
    model: ModelProto, constants: dict[str, Constant], changed: Mapping[str, tuple[Shape, Shape]]
) -> list[LogEntry]:
    """Rewrites the leading size in the shapes of Reshape and Expand nodes that carry the batch.

    Args:
        model: Its inputs have the new shapes; its nodes and initializers are changed in place.
        constants: Its initializers; new ones are added.
        changed: Inputs with the shape in the file and the new one.

    Returns:
        What was done, for the build log.
    """
    log = [
        LogEntry("import", (name,), f"shape {list(after)}", f"The file fixes {list(before)}; another was asked for.")
        for name, (before, after) in changed.items()
    ]
    batches = {(before[0], after[0]) for before, after in changed.values() if before and before[0] != after[0]}
    if len(batches) != 1:
        return log
    old, new = batches.pop()
    types = infer_shapes(_with_shapes(make_skeleton(model, constants), changed))
    edited = [
        node.name or node.output[0] for node in model.graph.node if _follow(node, model, constants, types, old, new)
    ]
    if edited:
        reason = f"Their shape fixes the batch {old}; it became {new}."
        log.append(LogEntry("import", tuple(edited), "rewritten", reason))
    return log


def _with_shapes(skeleton: ModelProto, changed: Mapping[str, tuple[Shape, Shape]]) -> ModelProto:
    """The skeleton with the inputs as they were in the file."""
    for info in skeleton.graph.input:
        if info.name in changed:
            for dimension, size in zip(info.type.tensor_type.shape.dim, changed[info.name][0], strict=True):
                dimension.dim_value = size
    return skeleton


def _follow(
    node: NodeProto,
    model: ModelProto,
    constants: dict[str, Constant],
    types: Mapping[str, ValueInfoProto],
    old: int,
    new: int,
) -> bool:
    """Gives a node its own shape constant if its data and result both lead with the batch."""
    if node.op_type not in _SHAPED or node.domain not in ("", "ai.onnx") or len(node.input) < 2:
        return False
    data, result = static_shape(types.get(node.input[0])), static_shape(types.get(node.output[0]))
    if not data or not result or data[0] != old or result[0] != old:
        return False
    shape = _constant_shape(node.input[1], model, constants)
    if not shape or shape[0] != old:
        return False
    name = f"{node.output[0]}_shape_for_batch_{new}"
    tensor = numpy_helper.from_array(np.asarray([new, *shape[1:]], np.int64), name)
    model.graph.initializer.append(tensor)
    constants[name] = tensor_constant(tensor)
    node.input[1] = name
    return True


def _constant_shape(name: str, model: ModelProto, constants: Mapping[str, Constant]) -> Shape | None:
    constant = constants.get(name)
    if constant is None:
        node = next((node for node in model.graph.node if name in node.output), None)
        if node is None or node.op_type != "Constant":
            return None
        constant = constant_node_value(node)
    return tuple(int(size) for size in np.ravel(constant.numpy()))
