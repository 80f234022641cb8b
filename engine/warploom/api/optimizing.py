"""`warploom.optimize`: the main job, called from Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warploom.api.given_models import held, model_file

if TYPE_CHECKING:
    from warploom.recording.recording import Recording
    from warploom.worker.messages import Event

Shapes = Mapping[str, Sequence[int]]
Progress = Callable[["Event"], None]


def optimize(
    model: Any,
    *,
    device: str = "auto",
    precision: str = "fp32",
    batch: int | None = None,
    shapes: Shapes | None = None,
    mode: str = "both",
    search_seconds: float | None = 25.0,
    max_group_operators: int = 3,
    max_stage_groups: int = 8,
    repeats: int = 50,
    verify: bool = True,
    workspace_mb: int | None = None,
    error_budget: float | None = None,
    calibrate: str | Path | None = None,
    calibration_method: str = "mse",
    profile: bool = True,
    output: str | Path | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Recording:
    """Finds a fast schedule for a model and compares it with the sequential one.

    Args:
        model: An ONNX file, a `Network`, or an onnx.ModelProto.
        device: "auto", "cuda:0", "sim:h200", ...
        precision: "fp32", "tf32", "fp16" or "bf16"; "auto" for the fastest of these, operator by operator, within
            the error budget; "int8" for 8-bit integers wherever they gain.
        batch: Size of the leading dimension; None for the model's own, or 1.
        shapes: Shapes of inputs by name, where the model does not fix them.
        mode: Which schedulers compete.
        search_seconds: After how long the search ends with its best; None for no bound.
        max_group_operators: Operators in one group.
        max_stage_groups: Groups in one stage.
        repeats: Measurements of each schedule.
        verify: Whether outputs are compared with the original model's.
        workspace_mb: The largest workspace of a library's kernel, in MiB.
        error_budget: The largest relative L2 error of an output, for "auto"; None for 0.002.
        calibrate: A folder of .npy files with inputs, for "int8" and "auto"; None for random inputs.
        calibration_method: How ranges of integers follow from those: "mse", "minmax", "percentile" or "entropy".
        profile: Whether timelines are measured where the device can; without they are estimated, seconds earlier.
        output: Where to save the recording; None to keep it in memory only.
        progress: Takes the events of the job as they come.
        cancelled: Asked often; once it says yes the best so far is kept.

    Returns:
        The recording: schedules, latencies, timelines, build log. Its Graph holds the weights.

    Raises:
        WarploomError: If the model cannot be read, an option is out of range or the device fails.
    """
    from warploom.worker.context import JobContext
    from warploom.worker.job import record_model
    from warploom.worker.messages import OptimizeOptions, OptimizeRequest
    from warploom.worker.output import check_output

    options = OptimizeOptions(
        device=device,
        mode=mode,
        max_group_operators=max_group_operators,
        max_stage_groups=max_stage_groups,
        batch=batch,
        shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
        precision=precision,
        repeats=repeats,
        verify=verify,
        search_seconds=search_seconds,
        workspace_mb=workspace_mb,
        error_budget=error_budget,
        calibrate=None if calibrate is None else str(calibrate),
        calibration_method=calibration_method,
        profile=profile,
    )
    if output is not None:
        check_output(Path(output), Path(model) if isinstance(model, str | Path) else None)
    with model_file(model) as path:
        request = OptimizeRequest(job=1, model=str(path), output=str(output or ""), options=options)
        context = JobContext(1, progress or ignore, cancelled or never)
        recording = record_model(request, context)
        if not isinstance(model, str | Path):
            recording.graph = held(recording.graph)
    if output is not None:
        from warploom.recording.file import write_recording

        write_recording(recording, Path(output))
    return recording


def ignore(event: Event) -> None:
    """Shows nothing."""


def never() -> bool:
    """Nobody cancels."""
    return False
