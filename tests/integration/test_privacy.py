"""Nothing is reported to anybody: ONNX Runtime's official builds would, and leave an identifier in the user's home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from warploom.paths import data_path

_STARTED_BY = {
    "the importer": "from warploom.importer.single import open_session as f; f(open({model!r}, 'rb').read())",
    "a whole job": "import warploom; warploom.optimize({model!r}, device='sim:h200', search_seconds=1, repeats=2)",
}


@pytest.mark.parametrize("code", _STARTED_BY.values(), ids=_STARTED_BY)
def test_that_onnx_runtime_leaves_no_identifier(code: str, tmp_path: Path) -> None:
    model = data_path("sample_models") / "randwire_small.onnx"
    folders = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    # Few variables: ONNX Runtime is silent where those of continuous integration or of tests are set.
    environment = {"PATH": os.environ["PATH"], **folders}
    subprocess.run(
        [sys.executable, "-c", code.format(model=str(model))], env=environment, cwd=tmp_path, check=True, timeout=120
    )
    assert [path.name for path in tmp_path.rglob("*") if "icrosoft" in path.name or path.name == ".ses"] == []
