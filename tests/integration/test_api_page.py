"""Runs what docs/api.md shows, block by block, as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import warploom


def test_that_the_examples_of_the_page_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (repository / "docs" / "api.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 8
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/api.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "The input 'image' has the type float64, not float32" in printed
    assert "(3, 10)" in printed
    assert {path.name for path in tmp_path.iterdir()} == {"two_heads.plan", "two_heads_a100.plan"}
    scores = names["scores"]
    assert isinstance(scores, list)
    assert len({array[0, 0] for array in scores}) == 4


def test_that_the_page_names_what_there_is(repository: Path) -> None:
    page = (repository / "docs" / "api.md").read_text()
    for name in warploom.__all__:
        assert name.startswith("__") or name in ("PlanContext",) or f"`{name}" in page or f".{name}" in page


def test_that_importing_the_package_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys, warploom; print([m for m in ('numpy', 'onnx', 'msgspec', 'onnxruntime') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_models_in_memory_are_models(tmp_path: Path) -> None:
    net = warploom.Network("tiny")
    net.output(net.relu(net.placeholder(4, name="x")), "y")
    with warploom.build(net.to_onnx(), device="sim:h200", repeats=1) as plan:
        np.testing.assert_array_equal(plan(np.array([[-1, 0, 2, -3]], np.float32))["y"], [[0, 0, 2, 0]])
    with pytest.raises(warploom.WarploomError, match="A dict is no model"):
        warploom.optimize({})
    with pytest.raises(AttributeError, match="no attribute 'optimise'"):
        warploom.optimise  # noqa: B018
    with pytest.raises(warploom.WarploomError, match=r"none\.onnx"):
        warploom.optimize(tmp_path / "none.onnx", device="sim:h200")
