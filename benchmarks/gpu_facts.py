"""What a measurement on a GPU was made with: the card, its clocks at the time, and versions. Changes nothing."""

from __future__ import annotations

import datetime as dt
import platform
import re
import subprocess
from importlib import metadata
from typing import Any

_QUERY = (
    "name",
    "driver_version",
    "pstate",
    "clocks.sm",
    "clocks.mem",
    "clocks.max.sm",
    "temperature.gpu",
    "power.draw",
    "memory.total",
    "memory.used",
)
_PACKAGES = (
    "cupy-cuda13x",
    "nvidia-cudnn-cu13",
    "nvidia-cudnn-frontend",
    "nvidia-cuda-nvrtc",
    "nvidia-cublas",
    "numpy",
    "onnx",
    "onnxruntime",
    "torch",
    "timm",
    "torchvision",
)


def gpu_state() -> dict[str, str]:
    """What nvidia-smi says of the first GPU now; empty where there is none."""
    command = ["nvidia-smi", "-i", "0", f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader"]
    try:
        line = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return {}
    return dict(zip(_QUERY, (part.strip() for part in line.split(",")), strict=False))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def file_stem(device: str) -> str:
    """Beginning of a results file's name: "nvidia-h200-2026-11-21"."""
    name = re.sub(r"[^a-z0-9]+", "-", (gpu_state().get("name") or device).lower()).strip("-")
    return f"{name}-{dt.datetime.now(tz=dt.UTC).date().isoformat()}"


def now() -> str:
    """The time in UTC."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


def header() -> dict[str, Any]:
    """What every results file begins with."""
    return {
        "written": now(),
        "gpu": gpu_state().get("name", ""),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
