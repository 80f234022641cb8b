"""Experiment 4b of IOS: schedules searched on one device, executed on another."""

from __future__ import annotations

from warploom.experiments.laboratory import Laboratory
from warploom.experiments.published import published_ios
from warploom.experiments.result import Cell, ExperimentResult, ResultTable

NETWORK = "inception_v3"
SIMULATED = ("sim:v100", "sim:k80")
"""The devices of the paper, which few have at hand."""


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latency of every schedule on every device: the laboratory's own, and the paper's simulated."""
    (network,) = laboratory.networks((NETWORK,))[:1]
    devices = tuple(dict.fromkeys((laboratory.settings.device, *SIMULATED)))
    rows: list[tuple[Cell, ...]] = []
    names: dict[str, str] = {}
    for made_for in devices:
        searched = laboratory.record(network, device=made_for)
        names[made_for] = searched.device.name
        file = laboratory.schedule_file(searched, f"{network}-{made_for.replace(':', '-')}")
        cells: list[Cell] = [f"for {made_for}"]
        for device in devices:
            executed = laboratory.record(network, device=device, schedule=file, verify=False)
            cells.append(executed.candidate("saved").measurement.median_us / 1000)
        rows.append(tuple(cells))
    ios = published_ios()
    published: tuple[tuple[Cell, ...], ...] = tuple(
        (f"for {made_for}", *(ios.device_specialization_ms[made_for][device] for device in ("V100", "K80")))
        for made_for in ("V100", "K80")
    )
    columns = ("schedule", *(f"on {names[device]}" for device in devices))
    tables = (
        ResultTable(f"{network}: latency in ms", columns, tuple(rows), _source(laboratory)),
        ResultTable(
            "inception_v3: latency in ms, as published", ("schedule", "on V100", "on K80"), published, ios.source
        ),
    )
    note = "Devices whose name begins with sim: are simulated; their figures come from a model, not from hardware."
    return ExperimentResult("device-specialization", "Schedules specialized for a device", tables, notes=(note,))


def _source(laboratory: Laboratory) -> str:
    device = laboratory.settings.device
    how = "simulated" if device.startswith("sim:") else f"measured on {device}, simulated on {' and '.join(SIMULATED)}"
    return f"{how}, {laboratory.settings.precision}"
