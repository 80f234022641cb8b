"""Reads a model and runs the passes over it: the first step of every job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.graph import Graph, PrecisionPlan
from warploom.worker.context import JobContext
from warploom.worker.messages import ModelFile, ModelFiles, ModelFilesRequest

if TYPE_CHECKING:
    from warploom.importer.load import ImportedModel, ImportOptions


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to be scheduled.

    Attributes:
        imported: The file and its raw Graph.
        options: How it was imported.
        graph: The fused Graph, rewritten as `plan` says.
        plan: Precision of its operators, where that was decided one by one.
    """

    imported: ImportedModel
    options: ImportOptions
    graph: Graph
    plan: PrecisionPlan | None = None


def load_model(
    path: str,
    batch: int | None,
    shapes: Mapping[str, tuple[int, ...]],
    context: JobContext,
    plan: PrecisionPlan | None = None,
) -> LoadedModel:
    """Imports a model file, fuses its Graph, and rewrites it as a plan of an earlier job says.

    Raises:
        ModelImportError: If the file is not a valid model or a shape stays unknown.
        CancelledError: If the user asked to stop.
    """
    file = Path(path)
    context.phase("import", file.name)
    from warploom.importer.load import ImportOptions, import_model
    from warploom.passes.apply_precision import apply_precision
    from warploom.passes.pipeline import optimize_graph

    options = ImportOptions(batch=batch, shapes=dict(shapes))
    imported = import_model(file, options)
    context.note(imported.log)
    context.stop_if_cancelled()
    fused = optimize_graph(imported.graph)
    context.note(fused.log)
    context.stop_if_cancelled()
    return LoadedModel(imported, options, apply_precision(fused.graph, plan), plan)


def list_model_files(request: ModelFilesRequest) -> ModelFiles:
    """The files that another machine needs to import a model and to calibrate it.

    Raises:
        ModelImportError: If the model cannot be read, or its external data is missing or lies outside its folder.
        CalibrationError: If the folder with calibration data is missing or holds none.
    """
    from warploom.importer.files import external_files

    model = Path(request.model)
    folder = model.parent.resolve()
    files = [ModelFile(model.name, model.stat().st_size)] if model.is_file() else []
    files += [ModelFile(path.relative_to(folder).as_posix(), path.stat().st_size) for path in external_files(model)]
    return ModelFiles(request.job, tuple(files), _calibration_files(request.calibrate))


def _calibration_files(calibrate: str | None) -> tuple[ModelFile, ...]:
    if calibrate is None:
        return ()
    from warploom.precision.samples import list_samples

    folder = Path(calibrate).resolve()
    paths = list_samples(folder)
    return tuple(ModelFile(path.relative_to(folder.parent).as_posix(), path.stat().st_size) for path in paths)
