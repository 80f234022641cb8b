"""Finds devices: which there are, which one "auto" means, and opens one by its id."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.device.cuda.driver import driver_facts
from warploom.errors import DeviceError
from warploom.paths import install_command

if TYPE_CHECKING:
    from warploom.device.protocol import Device, Support

AUTO = "auto"
DEFAULT_SIMULATED = "sim:h200"

_SIMULATED = "sim:"
_CUDA = "cuda:"
_NEEDED = (("cupy", "CuPy"), ("cudnn", "the cuDNN frontend"))


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

    missing = missing_packages()
    found = tuple(
        ListedDevice(f"{_CUDA}{gpu.index}", gpu.name, simulated=False, available=not missing, note=missing)
        for gpu in driver_facts().gpus
    )
    simulated = tuple(
        ListedDevice(description.id, description.name, simulated=True, available=True) for description in descriptions()
    )
    return found + simulated


def default_device() -> tuple[str, str]:
    """The id that "auto" stands for, and a sentence that says why."""
    facts = driver_facts()
    missing = missing_packages()
    if facts.gpus and not missing:
        return f"{_CUDA}{facts.gpus[0].index}", f"It is the {facts.gpus[0].name} of this machine."
    if facts.gpus:
        return DEFAULT_SIMULATED, f"The {facts.gpus[0].name} of this machine cannot be used yet: {missing}."
    return DEFAULT_SIMULATED, f"No NVIDIA GPU can be used here ({facts.problem}), so a simulated one stands in for it."


def open_device(name: str, workspace_mb: int | None = None) -> Device:
    """Opens a device by its id ("sim:h200", "cuda:0"), or the default one for "auto".

    Args:
        name: Its id.
        workspace_mb: The largest workspace of a library's kernel in MiB, on devices that use libraries.

    Raises:
        DeviceError: If there is no such device, naming those that there are, or it cannot be used.
    """
    if name == AUTO:
        name, _ = default_device()
    if name.startswith(_SIMULATED):
        return _open_simulated(name)
    if name.startswith(_CUDA) and name.removeprefix(_CUDA).isdecimal():
        from warploom.device.cuda.device import open_cuda_device

        limit = None if workspace_mb is None else workspace_mb << 20
        return open_cuda_device(int(name.removeprefix(_CUDA)), limit)
    raise DeviceError(f"There is no device {name!r}; there are {_known_ids()} (and auto).")


def operator_support() -> Mapping[str, Mapping[str, Support]]:
    """For each kind of device (GPUs are alike, and simulated ones) the ONNX operators that it knows, by name."""
    from warploom.device.cuda.operators import known_ops
    from warploom.device.protocol import Support
    from warploom.device.simulated.lowering.families import supported_ops
    from warploom.importer.expand import EXPANDED

    written = dict.fromkeys(sorted(EXPANDED), Support(supported=True, reason="written out as simpler operators"))
    return {
        f"{_CUDA}*": {**known_ops(), **written},
        f"{_SIMULATED}*": {**supported_ops(), **written},
    }


def missing_packages() -> str:
    """Which Python packages a GPU would need that are not installed, and the command for them; empty if none are."""
    missing = [title for module, title in _NEEDED if importlib.util.find_spec(module) is None]
    return f"{' and '.join(missing)} not installed ({install_command('cuda13')})" if missing else ""


def _open_simulated(name: str) -> Device:
    from warploom.device.simulated.description import load_description
    from warploom.device.simulated.device import SimulatedDevice

    return SimulatedDevice(load_description(name))


def _known_ids() -> str:
    from warploom.device.simulated.description import description_ids

    gpus = [f"{_CUDA}{gpu.index}" for gpu in driver_facts().gpus]
    return ", ".join([*gpus, *description_ids()])
