"""Importing the engine stays cheap and free of Qt, ONNX and CUDA libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("PySide6", "pyqtgraph", "cupy", "cudnn", "cupti", "onnx", "onnxscript", "onnxruntime", "matplotlib", "plotly")


@pytest.mark.parametrize("module", ["warploom", "warploom.graph", "warploom.schedule", "warploom.cli.main"])
def test_that_importing_a_module_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {_HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
