"""Opens plans: the device found, the stamp compared, kernels chosen anew where that was asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.device.serving import ServingDevice
from warploom.errors import DeviceError, PlanError
from warploom.serving.contents import PlanContents, contents_of
from warploom.serving.file import read_plan
from warploom.serving.plan import Plan

if TYPE_CHECKING:
    from warploom.graph import Graph


def load_plan(path: str | Path, *, device: str | None = None, retune: bool = False, check_nan: bool = True) -> Plan:
    """Opens a plan file.

    Args:
        path: The file.
        device: Where to run it; by default the kind of device that it was built on.
        retune: Whether to choose kernels anew where the plan is not valid (another GPU, driver or library); the
            schedule stays. Nothing is written: `Plan.save` does.
        check_nan: Whether every request's inputs are searched for NaN, which takes a pass over them.

    Raises:
        PlanError: If the file is missing, damaged, or was built for something else than what is here (and `retune` is
            not set), with the reason.
        DeviceError: If the device cannot be used.
    """
    contents = read_plan(Path(path))
    return open_contents(contents, _device(contents, device), retune=retune, check_nan=check_nan)


def open_contents(
    contents: PlanContents, device: ServingDevice, *, retune: bool = False, check_nan: bool = True
) -> Plan:
    """Opens the contents of a plan file on a device.

    Raises:
        PlanError: If they were made for something else and `retune` is not set.
    """
    differences = device.stamp().differences(contents.facts.stamp)
    if differences and not retune:
        raise PlanError(
            f"{contents.name} was built for something else than what is here ({'; '.join(differences)}): build it "
            "again, or let kernels be chosen anew with --retune (in Python retune=True)."
        )
    if differences:
        contents = retuned(contents, device)
    return Plan(contents, device, check_nan=check_nan)


def retuned(contents: PlanContents, device: ServingDevice) -> PlanContents:
    """The same schedules with kernels chosen for this device.

    Raises:
        UnsupportedOperatorError: Naming the operators that the device cannot run.
    """
    facts = contents.facts
    graphs: list[Graph] = [parts.graph() for parts in contents.shapes]
    frozen = [
        device.freeze(graph, shape.plan, facts.precision) for graph, shape in zip(graphs, facts.shapes, strict=True)
    ]
    shapes = tuple(dataclasses.replace(shape, latency_us=None) for shape in facts.shapes)
    changed = dataclasses.replace(facts, device=device.info, stamp=device.stamp(), shapes=shapes)
    return contents_of(changed, graphs, frozen, contents.name)


def serving_device(name: str, workspace_mb: int | None = None) -> ServingDevice:
    """Opens a device that plans can be built for.

    Raises:
        DeviceError: If there is no such device, or it cannot serve.
    """
    from warploom.device.registry import open_device

    device = open_device(name, workspace_mb)
    if not isinstance(device, ServingDevice):
        raise DeviceError(f"The device {name!r} cannot run plans from files.")
    return device


def _device(contents: PlanContents, name: str | None) -> ServingDevice:
    facts = contents.facts
    if name is not None:
        return serving_device(name, facts.workspace_mb)
    try:
        return serving_device(facts.device.id, facts.workspace_mb)
    except DeviceError as error:
        if not facts.device.simulated and facts.device.id != "cuda:0":
            return serving_device("cuda:0", facts.workspace_mb)  # built on a machine with more GPUs
        raise PlanError(f"{contents.name} was built for {facts.device.name}, which is not here. {error}") from error
