"""What the importer's tests share: models written as text, and the comparison with the original, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from execution import execute_graph, relative_error
from warploom.importer.load import ImportedModel, import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import random_inputs, reference_outputs

Save = Callable[..., Path]
Check = Callable[..., ImportedModel]
_DEFAULTS = ImportOptions()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a model (ONNX's text form or a message) to a file.

    The text is the graph alone, as `(float[1,3] x) => (float[1,3] y) { y = Relu(x) }`.
    """

    def save_model(model: str | onnx.ModelProto, opset: int = 20, name: str = "model") -> Path:
        if isinstance(model, str):
            header = f'<ir_version: 8, opset_import: ["" : {opset}, "custom" : 1]>'
            model = onnx.parser.parse_model(f"{header} g {model}")
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save_model


@pytest.fixture
def check() -> Check:
    """Imports a file and compares every tensor that both know with ONNX Runtime on the original."""

    def check_model(path: Path, options: ImportOptions = _DEFAULTS, tolerance: float = 1e-5) -> ImportedModel:
        model = import_model(path, options)
        model.graph.verify()
        inputs = random_inputs(model.graph, 1)
        reference = reference_outputs(path, options, inputs, intermediates=True)
        computed = execute_graph(model.graph, inputs, intermediates=True)
        shared = reference.keys() & computed.keys()
        assert shared >= set(model.graph.outputs) - set(model.graph.constants)
        for name in shared:
            tensor = model.graph.tensors[name]
            assert computed[name].shape == tensor.shape
            assert computed[name].dtype == np.dtype(tensor.dtype.to_numpy())
            assert relative_error(reference[name], computed[name]) <= tolerance, name
        return model

    return check_model
