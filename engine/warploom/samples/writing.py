"""Writes a built network as an ONNX file: whole or not at all, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from warploom.atomic import write_atomically, write_bytes_atomically
from warploom.errors import CommandError
from warploom.samples.builder import NetworkBuilder, Node, Port
from warploom.samples.weights import Weight

if TYPE_CHECKING:
    import onnx

OPSET = 20
_IR_VERSION = 9
_PROTOBUF_LIMIT = 2_000_000_000
"""Bytes of weights above which they go to a file of their own: protobuf ends at 2 GiB."""


def write_network(
    builder: NetworkBuilder,
    name: str,
    path: Path,
    *,
    seed: int = 0,
    light: bool = False,
    inline_limit: int = _PROTOBUF_LIMIT,
) -> Path:
    """Writes a network to an .onnx file (and `<file>.data` beside it if it is too large for one).

    Args:
        builder: The network.
        name: Name of the graph in the file.
        path: The file; replaced in one step when it is complete.
        seed: Chooses the random weights.
        light: Writes every weight as one value repeated (ConstantOfShape): a tiny file for looking at schedules.
        inline_limit: Bytes of weights that may stand inside the file.

    Raises:
        CommandError: If the file cannot be written.
    """
    external = not light and sum(weight.size_bytes for weight in builder.weights) > inline_limit
    data_path = path.with_name(path.name + ".data")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror or error}.") from None
    if external:
        write_atomically(data_path, lambda file: file.writelines(_weight_bytes(builder, seed)), CommandError)
    model = network_model(builder, name, seed=seed, light=light, external=data_path.name if external else None)
    write_bytes_atomically(path, model.SerializeToString(deterministic=True), CommandError)
    return path


def network_model(
    builder: NetworkBuilder, name: str, *, seed: int = 0, light: bool = False, external: str | None = None
) -> onnx.ModelProto:
    """The network as an ONNX model.

    Args:
        builder: The network.
        name: Name of the graph.
        seed: Chooses the random weights.
        light: Weights are ConstantOfShape nodes.
        external: Weights are in this file, one after the other.
    """
    from onnx import helper

    fills = [_fill(weight) for weight in builder.weights] if light else []
    nodes = [node for pair in fills for node in pair[1:]]
    graph = helper.make_graph(
        [*nodes, *(_node(node) for node in builder.nodes)],
        name,
        [_port(port) for port in builder.inputs],
        [_port(port) for port in builder.outputs],
    )
    graph.initializer.extend(pair[0] for pair in fills)
    graph.initializer.extend(_integers(key, values) for key, values in builder.integers.items())
    if not light:
        graph.initializer.extend(_weights(builder, seed, external))
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="warploom")


def _node(node: Node) -> onnx.NodeProto:
    from onnx import helper

    proto = helper.make_node(node.op, node.inputs, node.outputs, name=node.name)
    proto.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(node.attributes.items()))
    return proto


def _port(port: Port) -> onnx.ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(port.name, helper.np_dtype_to_tensor_dtype(_dtype(port.dtype)), port.shape)


def _dtype(name: str) -> np.dtype[np.generic]:
    return np.dtype(name)


def _integers(name: str, values: tuple[int, ...]) -> onnx.TensorProto:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.asarray(values, dtype=np.int64), name)


def _fill(weight: Weight) -> tuple[onnx.TensorProto, onnx.NodeProto]:
    """The shape and the node that stand for a weight in a light model."""
    from onnx import helper

    shape = _integers(f"{weight.name}.shape", weight.shape)
    value = helper.make_tensor("value", 1, [1], [weight.fill])
    node = helper.make_node("ConstantOfShape", [shape.name], [weight.name], name=f"{weight.name}.fill", value=value)
    return shape, node


def _weights(builder: NetworkBuilder, seed: int, external: str | None) -> Iterator[onnx.TensorProto]:
    import onnx
    from onnx import numpy_helper

    offset = 0
    for index, weight in enumerate(builder.weights):
        if external is None:
            yield numpy_helper.from_array(weight.values((seed, index)), weight.name)
            continue
        tensor = onnx.TensorProto(name=weight.name, data_type=1, dims=weight.shape)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", external), ("offset", offset), ("length", weight.size_bytes)):
            tensor.external_data.add(key=key, value=str(value))
        offset += weight.size_bytes
        yield tensor


def _weight_bytes(builder: NetworkBuilder, seed: int) -> Iterator[bytes]:
    for index, weight in enumerate(builder.weights):
        yield weight.values((seed, index)).astype("<f4").tobytes()
