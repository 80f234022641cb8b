"""The Python API: optimize a model, build a plan of it, load the plan and call it.

`import warploom` gives all of this without loading anything; what is heavy is imported when it is called.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warploom.errors import PlanError
from warploom.samples.network import Network
from warploom.serving.opening import load_plan, open_contents, retuned, serving_device
from warploom.serving.plan import Plan, PlanContext

if TYPE_CHECKING:
    from warploom.device.serving import ServingDevice
    from warploom.graph import Graph, Precision
    from warploom.recording.recording import Recording
    from warploom.serving.building import Scheduled
    from warploom.serving.contents import PlanContents
    from warploom.worker.messages import Event

__all__ = ["Network", "Plan", "PlanContext", "build", "load_plan", "optimize"]

Shapes = Mapping[str, Sequence[int]]
Profiles = Mapping[str, Sequence[Sequence[int]]]
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
    with _model_file(model) as path:
        request = OptimizeRequest(job=1, model=str(path), output=str(output or ""), options=options)
        context = JobContext(1, progress or _ignore, cancelled or _never)
        recording = record_model(request, context)
        if not isinstance(model, str | Path):
            recording.graph = _held(recording.graph)
    if output is not None:
        from warploom.recording.file import write_recording

        write_recording(recording, Path(output))
    return recording


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
        contents, opened = _retuned_file(Path(source), device)
    elif suffix == ".warploom" or isinstance(source, Recording):
        if batch is not None or shapes or profiles or options:
            raise PlanError("A recording has its shape and its schedule already: build from the model for other ones.")
        contents, opened = _from_recording(source, device, precision, workspace_mb, prove_rows=verify)
    else:
        wanted = _wanted_shapes(batch, shapes, profiles)
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
    with _model_file(source) as path:
        recordings = [optimize(path, **{**options, **shape}) for shape in wanted]
        if not isinstance(source, str | Path):
            for recording in recordings:
                recording.graph = _held(recording.graph)
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


def _from_recording(
    source: str | Path | Recording,
    device: str | None,
    precision: str | None,
    workspace_mb: int | None,
    *,
    prove_rows: bool,
) -> tuple[PlanContents, ServingDevice]:
    from warploom.recording.file import read_recording
    from warploom.serving.building import build_contents

    recording = read_recording(Path(source)) if isinstance(source, str | Path) else source
    opened = serving_device(device or recording.settings.device, workspace_mb)
    own: Precision = recording.settings.precision
    chosen = _named_precision(precision, own) if precision else own
    contents, _ = build_contents(
        recording.model,
        [_scheduled(recording)],
        opened,
        chosen,
        workspace_mb=workspace_mb,
        prove_rows=prove_rows,
    )
    return contents, opened


def _named_precision(name: str, own: Precision) -> Precision:
    """Another precision for a recording's schedule.

    Raises:
        PlanError: If one of them was decided operator by operator, which needs the model.
    """
    from warploom.graph import UNIFORM, Precision

    if name != own and (name not in UNIFORM or own not in UNIFORM):
        raise PlanError(f"The recording is in {own}: build from the model to have a plan in {name}.")
    return Precision(name)


def _scheduled(recording: Recording) -> Scheduled:
    """The schedule that won, with the weights, which a recording's file does not hold."""
    from warploom.graph.constant import MissingConstant
    from warploom.serving.building import Scheduled

    best = recording.optimized
    graph = recording.graph
    if any(isinstance(constant, MissingConstant) for constant in graph.constants.values()):
        graph = _imported_again(recording)
    best.plan.verify(graph)
    return Scheduled(graph, best.plan, best.measurement.median_us)


def _imported_again(recording: Recording) -> Graph:
    """The Graph of a recording, from the model file that it names.

    Raises:
        PlanError: If that file is another one now.
        ModelImportError: If it is not there.
    """
    from warploom.worker.context import JobContext
    from warploom.worker.load import load_model

    fingerprint, settings = recording.model, recording.settings
    context = JobContext(1, _ignore, _never)
    model = load_model(fingerprint.path, settings.batch, dict(settings.shapes), context, settings.precision_plan)
    if model.imported.sha256 != fingerprint.sha256:
        raise PlanError(
            f"The model {fingerprint.path} has changed since the recording was made: optimize it again, then build."
        )
    return model.graph


def _retuned_file(path: Path, device: str | None) -> tuple[PlanContents, ServingDevice]:
    from warploom.serving.file import read_plan

    contents = read_plan(path)
    opened = serving_device(device or contents.facts.device.id, contents.facts.workspace_mb)
    return retuned(contents, opened), opened


def _wanted_shapes(
    batch: int | Sequence[int] | None, shapes: Shapes | None, profiles: Profiles | None
) -> list[dict[str, Any]]:
    """The options `batch` and `shapes` of every shape, each shape once.

    Raises:
        PlanError: If profiles and batches are mixed, or profiles differ in length.
    """
    fixed = {name: tuple(shape) for name, shape in (shapes or {}).items()}
    if profiles:
        if batch is not None:
            raise PlanError("Give profiles or batch sizes: a profile's shapes say the batch themselves.")
        lengths = {len(several) for several in profiles.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise PlanError("Every profile needs as many shapes as the others, one at least.")
        rows: list[dict[str, Any]] = [
            {"shapes": {**fixed, **{name: tuple(several[i]) for name, several in profiles.items()}}}
            for i in range(lengths.pop())
        ]
    else:
        sizes = [batch] if batch is None or isinstance(batch, int) else list(batch)
        if not sizes:
            raise PlanError("Give one batch size at least.")
        rows = [{"batch": size, "shapes": fixed} for size in sizes]
    return [row for i, row in enumerate(rows) if row not in rows[:i]]


@contextlib.contextmanager
def _model_file(model: Any) -> Iterator[Path]:
    """The file of a model; one that is in memory is written to a temporary folder meanwhile."""
    if isinstance(model, str | Path):
        yield Path(model)
        return
    with tempfile.TemporaryDirectory(prefix="warploom-") as folder:
        if isinstance(model, Network):
            yield model.write(Path(folder) / f"{_file_name(model.name)}.onnx")
            return
        if not hasattr(model, "SerializeToString"):
            raise PlanError(
                f"A {type(model).__name__} is no model: give an ONNX file, a Network or an onnx.ModelProto."
            )
        path = Path(folder) / f"{_file_name(model.graph.name)}.onnx"
        path.write_bytes(model.SerializeToString())
        yield path


def _file_name(name: str) -> str:
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name) or "model"


def _held(graph: Graph) -> Graph:
    """The Graph with its weights in memory, so that the file they come from may go."""
    from warploom.graph import ArrayConstant
    from warploom.graph.constant import FillConstant

    constants = {
        name: constant if isinstance(constant, FillConstant) else ArrayConstant.of(constant.numpy(), constant.dtype)
        for name, constant in graph.constants.items()
    }
    return dataclasses.replace(graph, constants=constants)


def _ignore(event: Event) -> None:
    """Shows nothing."""


def _never() -> bool:
    return False
