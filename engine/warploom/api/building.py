"""`warploom.build`: a plan from a model, a recording or another plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warploom.api.from_recording import contents_of_recording
from warploom.api.given_models import held, model_file
from warploom.api.optimizing import Progress, Shapes, optimize
from warploom.api.shapes import Profiles, wanted_shapes
from warploom.errors import PlanError
from warploom.serving.opening import open_contents, retuned, serving_device
from warploom.serving.plan import Plan

if TYPE_CHECKING:
    from warploom.device.serving import ServingDevice
    from warploom.graph import Precision
    from warploom.recording.recording import Recording
    from warploom.serving.contents import PlanContents


def build(
    source: Any,
    path: str | Path | None = None,
    *,
    device: str | None = None,
    precision: str | None = None,
    batch: int | Sequence[int] | None = None,
    shapes: Shapes | None = None,
    profiles: Profiles | None = None,
    workspace_mb: int | None = None,
    verify: bool = True,
    progress: Progress | None = None,
    **options: Any,
) -> Plan:
    """Makes a plan: schedules, kernels chosen, weights laid out, everything that answering a request needs.

    Args:
        source: A model as `optimize` takes it (it is optimized first), a Recording or its file (its best schedule is
            taken), or a plan file (kernels are chosen anew for the device).
        path: The file to write; None to keep the plan in memory only.
        device: Where it shall run; by default "auto", or what the recording or plan was made on.
        precision: As in `optimize`; a recording's and a plan's own by default.
        batch: A batch size, or several for a plan that picks among them.
        shapes: Shapes of inputs by name.
        profiles: For a plan of several shapes: by input name one shape each, in the same order for all inputs, such as
            the smallest, the usual and the largest.
        workspace_mb: The largest workspace of a library's kernel, in MiB.
        verify: Whether outputs are compared with the original model's, and whether rows of a batch are shown to be
            independent, so that smaller batches may be filled up.
        progress: Takes the events of the search.
        options: Further options of `optimize`.

    Returns:
        The plan, open on the device.

    Raises:
        WarploomError: If the model cannot be read or run, or the file cannot be written.
    """
    from warploom.recording.recording import Recording

    suffix = Path(source).suffix if isinstance(source, str | Path) else ""
    if path is not None:
        from warploom.worker.output import check_output

        of_another_kind = isinstance(source, str | Path) and suffix != ".plan"
        check_output(Path(path), Path(source) if of_another_kind else None)
    if suffix == ".plan":
        if any(given not in (None, (), {}) for given in (precision, batch, shapes, profiles, workspace_mb)) or options:
            raise PlanError("A plan has its shapes, its precision and its schedule already: build from the model.")
        contents, opened = _retuned_file(Path(source), device)
    elif suffix == ".warploom" or isinstance(source, Recording):
        if batch is not None or shapes or profiles or options:
            raise PlanError("A recording has its shape and its schedule already: build from the model for other ones.")
        contents, opened = contents_of_recording(source, device, precision, workspace_mb, prove_rows=verify)
    else:
        wanted = wanted_shapes(batch, shapes, profiles)
        options |= {"precision": precision or "fp32", "workspace_mb": workspace_mb, "verify": verify}
        options = {"profile": False, **options, "device": device or "auto", "progress": progress}  # plans hold none
        contents, opened = _from_model(source, wanted, options)
    plan = open_contents(contents, opened)
    if path is not None:
        plan.save(path)
    return plan


def _from_model(
    source: Any, wanted: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> tuple[PlanContents, ServingDevice]:
    """Optimizes every shape."""
    from warploom.serving.building import Scheduled, build_contents

    device = serving_device(options["device"], options["workspace_mb"])
    with model_file(source) as path:
        recordings = [optimize(path, **{**options, **shape}) for shape in wanted]
        if not isinstance(source, str | Path):
            for recording in recordings:
                recording.graph = held(recording.graph)
    scheduled = [Scheduled(one.graph, one.optimized.plan, one.optimized.measurement.median_us) for one in recordings]
    precision, limit = _common_precision(recordings), options["workspace_mb"]
    proofs = bool(options["verify"])
    contents, _ = build_contents(
        recordings[0].model, scheduled, device, precision, workspace_mb=limit, prove_rows=proofs
    )
    return contents, device


def _common_precision(recordings: Sequence[Recording]) -> Precision:
    """The precision that every shape was given.

    Raises:
        PlanError: If there are several.
    """
    found = {recording.settings.precision for recording in recordings}
    if len(found) > 1:
        raise PlanError(
            f"The shapes were given different precisions ({', '.join(sorted(found))}), but a plan has one: choose it "
            "with precision (on the command line --precision)."
        )
    return found.pop()


def _retuned_file(path: Path, device: str | None) -> tuple[PlanContents, ServingDevice]:
    from warploom.serving.file import read_plan

    contents = read_plan(path)
    opened = serving_device(device or contents.facts.device.id, contents.facts.workspace_mb)
    return retuned(contents, opened), opened
