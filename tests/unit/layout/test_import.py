"""The layout process must start quickly."""

from __future__ import annotations

import subprocess
import sys


def test_that_the_layout_process_imports_neither_qt_nor_numpy() -> None:
    code = "import sys, warploom_app.layout.__main__; print(*sorted(m for m in sys.modules if '.' not in m))"
    run = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert not {"PySide6", "numpy", "warploom"} & set(run.stdout.split())
