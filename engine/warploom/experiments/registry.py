"""All experiments by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warploom.experiments import (
    batch_sizes,
    batch_specialization,
    device_specialization,
    frameworks,
    intra_inter,
    pruning,
    schedules,
    utilization,
)
from warploom.experiments.laboratory import Laboratory
from warploom.experiments.result import ExperimentResult


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment: what it asks, and how it is run."""

    question: str
    run: Callable[[Laboratory], ExperimentResult]


EXPERIMENTS: Mapping[str, Experiment] = {
    "schedules": Experiment("Which schedule is fastest on each network?", schedules.run),
    "frameworks": Experiment("How does it compare with what users run instead?", frameworks.run),
    "utilization": Experiment("How much of the GPU does each schedule keep busy?", utilization.run),
    "batch-specialization": Experiment("Does a schedule suit other batch sizes?", batch_specialization.run),
    "device-specialization": Experiment("Does a schedule suit other devices?", device_specialization.run),
    "pruning": Experiment("What do limits of the search cost in latency?", pruning.run),
    "batch-sizes": Experiment("Does scheduling pay at larger batch sizes?", batch_sizes.run),
    "intra-inter": Experiment("Does scheduling pay beside tuned kernels?", intra_inter.run),
}
