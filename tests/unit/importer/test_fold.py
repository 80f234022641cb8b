"""Constant folding where ONNX's reference implementation is not enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from warploom.importer.load import import_model


def test_that_what_the_reference_cannot_fold_is_folded_by_onnxruntime(tmp_path: Path) -> None:
    data = numpy_helper.from_array(np.arange(512, dtype=np.float32).reshape(1, 512), "data")
    indices = numpy_helper.from_array(np.arange(3, 19, dtype=np.int64).reshape(1, 16), "indices")
    graph = helper.make_graph(
        [
            helper.make_node("GatherElements", ["data", "indices"], ["picked"], axis=1),
            helper.make_node("Add", ["x", "picked"], ["y"]),
        ],
        "gather",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 16])],
        [data, indices],
    )
    path = tmp_path / "gather.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)

    imported = import_model(path).graph

    (operator,) = imported.operators
    (weight,) = operator.weights
    np.testing.assert_array_equal(imported.constants[weight].numpy(), np.arange(3, 19, dtype=np.float32)[None])
