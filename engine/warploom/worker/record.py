"""Puts everything that the main job found into one Recording."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.recording.recording import (
    Candidate,
    CandidateVerification,
    ModelFingerprint,
    Recording,
    SchedulerSummary,
    SearchSummary,
    Settings,
    Verification,
)
from warploom.schedule import Group, Stage

if TYPE_CHECKING:
    from warploom.cost import CostModel
    from warploom.device import DeviceInfo
    from warploom.graph import Graph, LogEntry
    from warploom.worker.candidates import PlannedCandidate
    from warploom.worker.execution import Outcome
    from warploom.worker.load import LoadedModel
    from warploom.worker.messages import OptimizeRequest
    from warploom.worker.settings import JobSettings
    from warploom.worker.verification import OutputCheck


@dataclass(frozen=True, slots=True)
class Findings:
    """What came out of the competition.

    Attributes:
        planned: The candidates.
        outcomes: What the device made of each, by name.
        checks: Their outputs against the reference, of those that were compared.
        chosen: Name of the winner.
        solo_us: Latency of each Operator alone, by name.
    """

    planned: Sequence[PlannedCandidate]
    outcomes: Mapping[str, Outcome]
    checks: Mapping[str, OutputCheck]
    chosen: str
    solo_us: dict[str, float]


def assemble(
    request: OptimizeRequest,
    settings: JobSettings,
    device: DeviceInfo,
    model: LoadedModel,
    findings: Findings,
    log: Iterable[LogEntry],
) -> Recording:
    """The Recording of a finished main job."""
    return Recording(
        model=_fingerprint(request, model),
        graph=model.graph,
        device=device,
        settings=_settings(request, settings, model.graph, device),
        candidates=tuple(_candidate(candidate, findings.outcomes[candidate.name]) for candidate in findings.planned),
        chosen=findings.chosen,
        search=SearchSummary.of(_scheduler_summary(candidate) for candidate in findings.planned),
        verification=_verification(findings.checks) if findings.checks else None,
        build_log=tuple(log),
        solo_us=findings.solo_us,
    )


def batch_size(graph: Graph) -> int:
    """The leading dimension of the first input (1 for a scalar or no input at all)."""
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    return shapes[0][0] if shapes and shapes[0] else 1


def solo_latencies(graph: Graph, costs: CostModel) -> dict[str, float]:
    """Predicted latency of each Operator alone, in microseconds."""
    stages = [Stage((Group((operator.name,)),)) for operator in graph.operators]
    found = costs.stage_costs(stages)
    return {operator.name: cost.median_us for operator, cost in zip(graph.operators, found, strict=True)}


def _fingerprint(request: OptimizeRequest, model: LoadedModel) -> ModelFingerprint:
    imported = model.imported
    return ModelFingerprint(
        request.known_as or request.model, imported.name, imported.sha256, imported.opset, imported.node_count
    )


def _settings(request: OptimizeRequest, settings: JobSettings, graph: Graph, device: DeviceInfo) -> Settings:
    return Settings(
        device=device.id,
        precision=settings.precision,
        precision_plan=settings.plan,
        batch=batch_size(graph),
        mode=settings.mode,
        max_group_operators=settings.limits.max_group_operators,
        max_stage_groups=settings.limits.max_stage_groups,
        repeats=settings.repeats,
        shapes=tuple(sorted(request.options.shapes.items())),
        sample_interval_ns=settings.profile.interval_ns,
        counters=settings.profile.counters,
        search_seconds=settings.limits.seconds,
        schedule=None if settings.schedule is None else str(settings.schedule),
    )


def _candidate(planned: PlannedCandidate, outcome: Outcome) -> Candidate:
    return Candidate(
        name=planned.name,
        plan=planned.plan,
        measurement=outcome.measurement,
        timeline=outcome.timeline,
        schedule=planned.schedule,
        stage_costs_us=tuple(cost.median_us for cost in planned.stage_costs),
        decisions=planned.result.log,
    )


def _scheduler_summary(planned: PlannedCandidate) -> SchedulerSummary:
    result = planned.result
    latency = result.latency_us if math.isfinite(result.latency_us) else None
    return SchedulerSummary(
        planned.name, latency, result.states, result.stages_costed, result.seconds, cancelled=result.cancelled
    )


def _verification(checks: Mapping[str, OutputCheck]) -> Verification:
    each = tuple(CandidateVerification(name, check.error, check.passed) for name, check in checks.items())
    return Verification(
        max_rel_l2=max((one.max_rel_l2 for one in each), default=0.0),
        tolerance=next(iter(checks.values())).tolerance,
        ok=all(one.ok for one in each),
        candidates=each,
    )
