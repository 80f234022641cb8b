"""Makes Documents from what the engine sends and from files; runs off the user interface's thread."""

from __future__ import annotations

from pathlib import Path

from warploom.graph import Graph, LogEntry, Precision
from warploom.graph.document import graph_from_document
from warploom.graph.work import Work, operator_work
from warploom.recording.file import read_recording
from warploom_app.presenters.names import display_names
from warploom_app.presenters.results import blocks_of, make_results
from warploom_app.state import Document

MODEL_SUFFIXES = (".onnx",)
RECORDING_SUFFIXES = (".warploom",)


def document_from_graph(model: Path, data: bytes, log: tuple[LogEntry, ...]) -> Document:
    """An imported model, before anything was searched."""
    graph = graph_from_document(data)
    _warm(graph)
    return Document(
        title=model.name,
        graph=graph,
        model=model,
        names=display_names(graph),
        blocks=blocks_of(graph),
        work=_total_work(graph),
        log=log,
    )


def document_from_recording(path: Path, model: Path | None = None) -> Document:
    """A recording; `model` is where its ONNX file is known to be.

    Raises:
        RecordingError: If it cannot be read.
    """
    recording = read_recording(path)
    graph = recording.graph
    _warm(graph)
    results = make_results(recording)
    named = model or Path(recording.model.path)
    return Document(
        title=recording.model.name,
        graph=graph,
        model=named if named.is_file() else None,
        path=path,
        results=results,
        names=results.names,
        blocks=blocks_of(graph),
        work=_total_work(graph, recording.settings.precision),
        log=recording.build_log,
    )


def _total_work(graph: Graph, precision: Precision | None = None) -> Work:
    works = [operator_work(graph, operator, precision) for operator in graph.operators]
    return Work(*(sum(getattr(work, name) for work in works) for name in Work.__slots__))


def _warm(graph: Graph) -> None:
    """Works out the graph's derived indices here, so that no view does it on the interface's thread."""
    for name in ("index", "producer", "consumers", "predecessors", "successors"):
        getattr(graph, name)


def what_is(path: Path) -> str:
    """Says "model" or "recording", or a sentence on why the file is neither."""
    if path.is_dir():
        return f"{path.name} is a folder: drop the model file (.onnx) or the recording (.warploom) itself."
    if not path.exists():
        return f"{path} does not exist any more."
    suffix = path.suffix.lower()
    if suffix in MODEL_SUFFIXES:
        return "model"
    if suffix in RECORDING_SUFFIXES:
        return "recording"
    return f"{path.name} is neither an ONNX model (.onnx) nor a recording (.warploom)."
