"""Finds devices: which there are, which one "auto" means, and opens one by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.errors import DeviceError

if TYPE_CHECKING:
    from warploom.device.protocol import Device, Support

AUTO = "auto"
DEFAULT_SIMULATED = "sim:h200"

_SIMULATED = "sim:"
_CUDA = "cuda:"
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """One line of the list of devices.

    Attributes:
        id: What the user types.
        name: The product's name.
        simulated: Whether it is a model.
        available: Whether it can be opened here and now.
        note: Why not, or what else there is to know.
    """

    id: str
    name: str
    simulated: bool
    available: bool
    note: str = ""


def list_devices() -> tuple[ListedDevice, ...]:
    """The GPUs of this machine, then every simulated GPU."""
    from warploom.device.simulated.description import descriptions

    found = tuple(
        ListedDevice(f"{_CUDA}{i}", name, simulated=False, available=False, note=_NO_CUDA_DEVICE)
        for i, name in enumerate(nvidia_gpus())
    )
    simulated = tuple(
        ListedDevice(description.id, description.name, simulated=True, available=True) for description in descriptions()
    )
    return found + simulated


def default_device() -> tuple[str, str]:
    """The id that "auto" stands for, and a sentence that says why."""
    gpus = nvidia_gpus()
    if gpus:
        return DEFAULT_SIMULATED, f"The {gpus[0]} of this machine is not used: {_NO_CUDA_DEVICE}"
    return DEFAULT_SIMULATED, "No NVIDIA GPU was found on this machine, so a simulated one stands in for it."


def open_device(name: str) -> Device:
    """Opens a device by its id ("sim:h200", "cuda:0"), or the default one for "auto".

    Raises:
        DeviceError: If there is no such device, naming those that there are.
    """
    if name == AUTO:
        name, _ = default_device()
    if name.startswith(_SIMULATED):
        return _open_simulated(name)
    if name.startswith(_CUDA):
        raise DeviceError(_why_no_cuda(name))
    raise DeviceError(f"There is no device {name!r}; there are {_known_ids()} (and auto).")


def operator_support() -> Mapping[str, Mapping[str, Support]]:
    """For each kind of device (all simulated GPUs are alike) the ONNX operators that it knows, by name."""
    from warploom.device.simulated.lowering.families import supported_ops

    return {f"{_SIMULATED}*": supported_ops()}


def nvidia_gpus() -> tuple[str, ...]:
    """Names of the NVIDIA GPUs that this machine's driver reports; no library is loaded for it."""
    names = []
    for path in sorted(_NVIDIA_DRIVER.glob("*/information")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
        names.append(models[0] if models else "NVIDIA GPU")
    return tuple(names)


_NO_CUDA_DEVICE = "this version of Warploom runs on simulated GPUs only."


def _open_simulated(name: str) -> Device:
    from warploom.device.simulated.description import load_description
    from warploom.device.simulated.device import SimulatedDevice

    return SimulatedDevice(load_description(name))


def _why_no_cuda(name: str) -> str:
    gpus = nvidia_gpus()
    where = f"{', '.join(gpus)} found" if gpus else "no NVIDIA GPU found on this machine"
    return f"The device {name!r} cannot be used ({where}): {_NO_CUDA_DEVICE} Try --device {DEFAULT_SIMULATED}."


def _known_ids() -> str:
    from warploom.device.simulated.description import description_ids

    return ", ".join(description_ids())
