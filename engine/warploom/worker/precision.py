"""Decides the precision of every operator of a loaded model, where the user leaves that open or wants integers."""

from __future__ import annotations

import dataclasses

from warploom.device import Device
from warploom.errors import CancelledError
from warploom.passes.apply_precision import apply_precision
from warploom.worker.context import JobContext
from warploom.worker.load import LoadedModel
from warploom.worker.settings import JobSettings


def decide_precision(
    model: LoadedModel, settings: JobSettings, device: Device, context: JobContext
) -> tuple[LoadedModel, JobSettings]:
    """The model rewritten, and the settings with what was decided; both as they were where nothing is open.

    Weights that the file leaves out are random here, the same that outputs are compared with later.

    Raises:
        CalibrationError: If the calibration data does not fit the model.
        UnsupportedOperatorError: If the device cannot run the model so.
        CancelledError: If the user asked to stop.
    """
    if settings.choice is None:
        return model, settings
    from warploom.precision.choose import choose_precision
    from warploom.worker.support import check_support
    from warploom.worker.verification import graph_with_weights

    def report(text: str) -> None:
        context.phase("search", f"precision: {text}")
        if context.cancelled():
            raise CancelledError("Cancelled while precisions were chosen; nothing was written.")

    report("preparing")
    check_support(model.graph, device, settings.precision)
    graph, _ = graph_with_weights(model, context)
    decision = choose_precision(graph, device, settings.choice, report)
    context.note(decision.log)
    rewritten = apply_precision(model.graph, decision.plan)
    return (
        dataclasses.replace(model, graph=rewritten, plan=decision.plan),
        dataclasses.replace(settings, precision=decision.precision, plan=decision.plan),
    )
