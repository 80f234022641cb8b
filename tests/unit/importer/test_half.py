"""A model in half precision for other runtimes is valid: they read nodes in order."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from warploom.importer.half import half_model, parse_proto
from warploom.samples.bundled import bundled_models

pytest.importorskip("onnxruntime.transformers.float16")


@pytest.mark.parametrize("path", bundled_models(), ids=lambda path: path.stem)
def test_that_nodes_stand_after_what_they_read(path: object) -> None:
    model = parse_proto(half_model(path))  # type: ignore[arg-type]
    known = {one.name for one in (*model.graph.input, *model.graph.initializer)} | {""}
    for node in model.graph.node:
        assert set(node.input) <= known
        known |= set(node.output)
    assert {one.type.tensor_type.elem_type for one in model.graph.input} == {onnx.TensorProto.FLOAT}
    weights = [onnx.numpy_helper.to_array(one) for one in model.graph.initializer]
    assert np.float32 not in {one.dtype.type for one in weights}
