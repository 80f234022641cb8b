"""Recording: one piece of work, from the model to the compared schedules; mutable, made of frozen parts."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field

from warploom.device.protocol import DeviceInfo, Measurement
from warploom.errors import RecordingError
from warploom.graph import Graph, LogEntry, Precision, PrecisionPlan
from warploom.schedule import Schedule, StreamPlan
from warploom.timeline import Timeline
from warploom.version import __version__

FORMAT_VERSION = 1
"""Rises with every change that an older Warploom would read wrongly; new fields with a default do not count."""

SEQUENTIAL = "sequential"
"""Name of the candidate that runs one operator after another: what every other one is compared with."""


@dataclass(frozen=True, slots=True)
class ModelFingerprint:
    """Which model it was.

    Attributes:
        path: As the user gave it.
        name: The model's name.
        sha256: Hexadecimal digest of the file.
        opset: ONNX opset of the file.
        node_count: Nodes in the file.
    """

    path: str
    name: str
    sha256: str
    opset: int
    node_count: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for; the figures mean nothing without it.

    Attributes:
        device: Its id.
        precision: Arithmetic of float operators.
        batch: Leading dimension of the first input.
        mode: Which schedulers competed.
        max_group_operators: r.
        max_stage_groups: s.
        repeats: Measurements of each candidate.
        shapes: Of inputs that the model leaves open.
        sample_interval_ns: Between two samples of hardware counters.
        counters: Further counters that were sampled.
        search_seconds: Bound of the search; None for none.
        schedule: File of the saved schedule that was run instead of a search.
        precision_plan: Precision of every operator, where that was decided one by one.
    """

    device: str
    precision: Precision = Precision.FP32
    batch: int = 1
    mode: str = "both"
    max_group_operators: int = 3
    max_stage_groups: int = 8
    repeats: int = 50
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    sample_interval_ns: int = 1000
    counters: tuple[str, ...] = ()
    search_seconds: float | None = None
    schedule: str | None = None
    precision_plan: PrecisionPlan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One schedule that was built, measured and profiled.

    Attributes:
        name: The scheduler: "sequential", "greedy", "both", ...
        plan: What the device executed.
        measurement: Its latency.
        timeline: What ran when; launch names are the plan's.
        schedule: The stages that the plan came from; None for a plan without stages.
        stage_costs_us: Latency of each stage by the cost model; empty where the plan has no stages or none was asked.
        decisions: Why it looks as it does.
    """

    name: str
    plan: StreamPlan
    measurement: Measurement
    timeline: Timeline
    schedule: Schedule | None = None
    stage_costs_us: tuple[float, ...] = ()
    decisions: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SchedulerSummary:
    """What one scheduler did: its prediction (None where it found nothing) and its effort."""

    name: str
    latency_us: float | None
    states: int
    stages_costed: int
    seconds: float
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class SearchSummary:
    """What the search took in all, and each scheduler's part."""

    seconds: float
    stages_costed: int
    states: int
    schedulers: tuple[SchedulerSummary, ...] = ()
    cancelled: bool = False

    @staticmethod
    def of(schedulers: Iterable[SchedulerSummary], seconds: float | None = None) -> SearchSummary:
        """Adds the schedulers up; `seconds` where they shared the time."""
        parts = tuple(schedulers)
        return SearchSummary(
            seconds=sum(part.seconds for part in parts) if seconds is None else seconds,
            stages_costed=sum(part.stages_costed for part in parts),
            states=sum(part.states for part in parts),
            schedulers=parts,
            cancelled=any(part.cancelled for part in parts),
        )


@dataclass(frozen=True, slots=True)
class CandidateVerification:
    """Error of one candidate's outputs against the reference (infinite when an output is not finite)."""

    name: str
    max_rel_l2: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the schedules compute what the model says.

    Attributes:
        max_rel_l2: The largest relative L2 error of any output of any candidate.
        tolerance: What was allowed.
        ok: Whether every candidate kept to it.
        candidates: Each candidate's own error.
        reference: What the outputs were compared with.
    """

    max_rel_l2: float
    tolerance: float
    ok: bool
    candidates: tuple[CandidateVerification, ...] = ()
    reference: str = "onnxruntime CPU"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it was made."""

    python: str
    platform: str
    libraries: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def current(libraries: Iterable[str] = ("numpy", "onnx", "onnx-ir", "onnxscript", "onnxruntime")) -> Environment:
        """This process: Python, system, and the versions of those libraries that are installed."""
        found: list[tuple[str, str]] = []
        for name in libraries:
            try:
                found.append((name, importlib.metadata.version(name)))
            except importlib.metadata.PackageNotFoundError:
                continue
        return Environment(platform.python_version(), platform.platform(), tuple(found))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@dataclass(slots=True)
class Recording:
    """One piece of work saved in one file.

    Attributes:
        model: Which model.
        graph: The fused Graph that was scheduled; without weights when read from a file.
        device: What ran it.
        settings: What was asked for.
        candidates: The schedules compared, sequential among them.
        chosen: Name of the candidate that won by measurement.
        search: Effort of the search.
        verification: Outputs against the reference; None when not asked for.
        build_log: Every fold, fusion, merge and scheduling decision.
        environment: Where it was made.
        solo_us: Latency of each operator as a stage of its own, launch and barrier included, by name; empty where
            nobody asked.
        created: In UTC, to the second.
        warploom_version: What wrote it.
        format_version: Format of the file.
    """

    model: ModelFingerprint
    graph: Graph
    device: DeviceInfo
    settings: Settings
    candidates: tuple[Candidate, ...]
    chosen: str
    search: SearchSummary
    verification: Verification | None = None
    build_log: tuple[LogEntry, ...] = ()
    environment: Environment = field(default_factory=Environment.current)
    solo_us: dict[str, float] = field(default_factory=dict)
    created: dt.datetime = field(default_factory=_now)
    warploom_version: str = __version__
    format_version: int = FORMAT_VERSION

    def candidate(self, name: str) -> Candidate:
        """The candidate of that name.

        Raises:
            RecordingError: If there is none.
        """
        for candidate in self.candidates:
            if candidate.name == name:
                return candidate
        raise RecordingError(
            f"The recording of {self.model.name!r} has no schedule {name!r}; "
            f"it has {', '.join(candidate.name for candidate in self.candidates)}."
        )

    @property
    def optimized(self) -> Candidate:
        """The candidate that won."""
        return self.candidate(self.chosen)

    @property
    def sequential(self) -> Candidate:
        """What the others are compared with: the sequential candidate, or the first where there is none."""
        for candidate in self.candidates:
            if candidate.name == SEQUENTIAL:
                return candidate
        return self.candidates[0]

    @property
    def simulated(self) -> bool:
        """Whether a model of a device, not hardware, made the figures."""
        return self.device.simulated or any(candidate.timeline.simulated for candidate in self.candidates)

    @property
    def timeline_basis(self) -> str:
        """How the timelines came about: "simulated", "estimated" or "measured"; the weakest of them all."""
        found = {candidate.timeline.basis for candidate in self.candidates}
        return next((basis for basis in ("simulated", "estimated") if basis in found), "measured")

    @property
    def speedup(self) -> float:
        """Sequential latency over the chosen one's (medians); 1.0 where it cannot be told."""
        after = self.optimized.measurement.median_us
        return self.sequential.measurement.median_us / after if after > 0 else 1.0
