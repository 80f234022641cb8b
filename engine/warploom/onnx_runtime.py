"""Loads ONNX Runtime so that it keeps to itself: its official builds report models and sessions to their maker."""

from __future__ import annotations

import os
from typing import Any

OPT_OUT = "ORT_DISABLE_TELEMETRY"
"""Environment variable that ONNX Runtime reads once, when it starts; processes started later inherit it."""


def load_onnx_runtime() -> Any:
    """The module `onnxruntime`, its telemetry off unless the user has set `ORT_DISABLE_TELEMETRY` otherwise.

    Nothing that is learned of a user's model may leave the machine, and no identifier is left in the user's folders.

    Raises:
        ImportError: If it is not installed.
    """
    os.environ.setdefault(OPT_OUT, "1")
    import onnxruntime  # type: ignore[import-untyped]

    return onnxruntime
