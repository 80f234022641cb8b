"""What counts as the same outputs, for models that blow roundings up and for those that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from warploom.graph import Precision
from warploom.recording.file import read_recording
from warploom.worker import verification
from warploom.worker.errors_of_outputs import rounded_inputs
from warploom.worker.job import optimize
from warploom.worker.messages import OptimizeOptions, OptimizeRequest


def waves(folder: Path, factor: float) -> Path:
    """A convolution times `factor` through a sine: outputs turn with the last digits of inputs, the more the larger."""
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[1,4,8,8] x) => (float[1,4,6,6] y) {
        a = Conv(x, w) b = Mul(a, c) y = Sin(b) }"""
    model = onnx.parser.parse_model(text)
    weights = np.random.default_rng(0).standard_normal((4, 4, 3, 3), np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "w"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([factor], np.float32), "c"))
    path = folder / "waves.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def checked(model: Path) -> tuple[float, float, bool, list[str]]:
    """Error, tolerance, whether it passed, and decisions of the build log."""
    output = model.with_suffix(".warploom")
    options = OptimizeOptions(device="sim:h200", mode="sequential", repeats=2)
    optimize(OptimizeRequest(1, str(model), str(output), options), lambda _: None, lambda: False)
    recording = read_recording(output)
    found = recording.verification
    assert found is not None
    return found.max_rel_l2, found.tolerance, found.ok, [entry.decision for entry in recording.build_log]


def test_that_outputs_of_a_model_that_blows_roundings_up_may_differ_more(tmp_path: Path) -> None:
    error, tolerance, passed, decisions = checked(waves(tmp_path, 3000.0))
    assert passed
    assert 1e-5 < error < tolerance < 0.1
    assert "sensitive" in decisions


def test_that_nothing_is_excused_in_a_model_that_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(waves(tmp_path, 1.0))[1:3] == (1e-5, True)
    monkeypatch.setattr(verification, "_error_of", lambda *_: 1e-4)
    error, tolerance, passed, decisions = checked(waves(tmp_path, 1.0))
    assert (error, tolerance, passed) == (1e-4, 1e-5, False)
    assert "sensitive" not in decisions


def test_that_outputs_without_meaning_are_never_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not checked(waves(tmp_path, 1e8))[2]
    monkeypatch.setattr(verification, "_error_of", lambda *_: float("inf"))
    assert not checked(waves(tmp_path, 3000.0))[2]


@pytest.mark.parametrize("precision", list(Precision))
def test_that_inputs_are_changed_by_one_rounding_and_integers_not_at_all(precision: Precision) -> None:
    inputs = {
        "x": np.linspace(-3, 3, 64, dtype=np.float32),
        "half": np.linspace(-3, 3, 64, dtype=np.float16),
        "ids": np.arange(64),
    }
    rounded = rounded_inputs(inputs, precision)
    change = np.abs(rounded["x"] / inputs["x"] - 1)
    assert 0 < change.max() <= 2.0**-7
    assert (rounded["half"] != inputs["half"]).any()
    assert rounded["half"].dtype == np.float16
    np.testing.assert_array_equal(rounded["ids"], inputs["ids"])
