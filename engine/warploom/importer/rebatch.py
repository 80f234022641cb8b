"""Changes the input shapes that a file fixes (another batch, another image size): hard-coded Reshapes follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

from warploom.graph import Constant, LogEntry, Tensor
from warploom.importer.build import known_tensors
from warploom.importer.weights import make_skeleton, tensor_constant

Shape = tuple[int, ...]
_SHAPED = frozenset({"Reshape", "Expand"})


def rebatch(
    model: ModelProto,
    constants: dict[str, Constant],
    inputs: Sequence[str],
    changed: Mapping[str, tuple[Shape, Shape]],
) -> list[LogEntry]:
    """Rewrites the leading size in the shapes of Reshape and Expand nodes that carry the batch.

    Args:
        model: Its inputs have the new shapes; its nodes and initializers are changed in place.
        constants: Its initializers; new ones are added.
        inputs: Names of the inputs that the caller provides.
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
    tensors, known = known_tensors(_with_shapes(make_skeleton(model, constants), changed), constants, inputs)
    edited = []
    for node in model.graph.node:
        shape = _batched_shape(node, tensors, known, old)
        if shape is not None:
            _give_shape(node, (new, *shape[1:]), model, constants)
            edited.append(node.name or node.output[0])
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


def _batched_shape(
    node: NodeProto, tensors: Mapping[str, Tensor], known: Mapping[str, Constant], old: int
) -> Shape | None:
    """The constant shape of a node if it, its data and its result all lead with the batch."""
    if node.op_type not in _SHAPED or node.domain not in ("", "ai.onnx") or len(node.input) < 2:
        return None
    data, result = tensors.get(node.input[0]), tensors.get(node.output[0])
    if node.input[1] not in known or node.input[0] in known or data is None or result is None:
        return None
    shape = tuple(int(size) for size in np.ravel(known[node.input[1]].numpy()))
    leads = data.shape[:1] == result.shape[:1] == shape[:1] == (old,)
    return shape if leads else None


def _give_shape(node: NodeProto, shape: Shape, model: ModelProto, constants: dict[str, Constant]) -> None:
    """Gives a node a shape constant of its own."""
    name = f"{node.output[0]}_shape_for_batch_{shape[0]}"
    tensor = numpy_helper.from_array(np.asarray(shape, np.int64), name)
    model.graph.initializer.append(tensor)
    constants[name] = tensor_constant(tensor)
    node.input[1] = name
