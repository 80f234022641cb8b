"""Reads and writes the recording file (`.warploom`): a zip of JSON and .npy members; never pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from warploom.atomic import write_atomically
from warploom.device.protocol import Measurement
from warploom.errors import RecordingError, WarploomError
from warploom.graph.document import graph_from_document, graph_to_document
from warploom.recording.check import check_recording
from warploom.recording.document import (
    FORMAT,
    CandidateDocument,
    Header,
    ProfileDocument,
    RecordingDocument,
    TimelineDocument,
    document_of,
    has_copies,
    verification_from,
)
from warploom.recording.members import Array, array_from_bytes, array_to_bytes, damaged, read_members, write_members
from warploom.recording.recording import FORMAT_VERSION, Candidate, Recording
from warploom.timeline import Counters, Profile, Spans, Timeline, WarpSeries

_RECORDING, _GRAPH = "recording.json", "graph.json"
_PLAN = "plan.json"  # what plan files have in place of it
_SPAN_COLUMNS = (
    "launch", "stream", "kernel", "start_ns", "end_ns", "grid", "block", "registers", "shared_memory_bytes"
)  # fmt: skip
_PROFILE_ARRAYS = ("replay_ns", "launch_start_ns", "launch_end_ns")


def write_recording(recording: Recording, path: Path) -> None:
    """Saves a recording, whole or not at all.

    Raises:
        RecordingError: If the file cannot be written (an older file of that name is still there then), or the
            recording does not agree with itself and could not be opened again.
    """
    check_recording(recording)
    members = recording_members(recording)

    def write(stream: BinaryIO) -> None:
        write_members(stream, members)

    write_atomically(path, write, RecordingError)


def read_recording(path: Path) -> Recording:
    """Opens a recording; needs neither the model file nor a device.

    Raises:
        RecordingError: If the file is missing, damaged, inconsistent or newer than this Warploom.
    """
    members = read_members(path)
    if _RECORDING not in members and _PLAN in members:
        raise RecordingError(f"{path} is a plan, no recording: measure it with warploom bench.")
    try:
        _check_version(path, msgspec.json.decode(members[_RECORDING], type=Header))
        return _recording(members)
    except _NewerFormatError:
        raise
    except KeyError as error:
        raise damaged(path, f"its member {error.args[0]!r} is missing") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError, WarploomError) as error:
        raise damaged(path, str(error)) from error


def recording_members(recording: Recording) -> dict[str, bytes]:
    """The members of the file: documents first, so that a reader that streams sees them first."""
    members = {
        _RECORDING: msgspec.json.encode(document_of(recording)),
        _GRAPH: graph_to_document(recording.graph),
    }
    for i, candidate in enumerate(recording.candidates):
        for name, array in _candidate_arrays(candidate).items():
            members[f"candidates/{i}/{name}.npy"] = array_to_bytes(array)
    return members


def _candidate_arrays(candidate: Candidate) -> dict[str, Array]:
    timeline = candidate.timeline
    arrays: dict[str, Array] = {
        "samples_us": np.asarray(candidate.measurement.samples_us, dtype=np.float64),
        "stage_costs_us": np.asarray(candidate.stage_costs_us, dtype=np.float64),
    }
    arrays.update((f"spans/{name}", getattr(timeline.spans, name)) for name in _SPAN_COLUMNS)
    if has_copies(timeline):
        arrays["spans/copy_bytes"] = timeline.spans.copy_bytes
    arrays.update((f"warps/{name}", getattr(timeline.warps, name)) for name in ("streams", "edges_ns", "warps"))
    if timeline.counters is not None:
        arrays.update(
            (f"counters/{name}", getattr(timeline.counters, name)) for name in ("start_ns", "end_ns", "values")
        )
    if timeline.profile is not None:
        arrays.update((f"profile/{name}", getattr(timeline.profile, name)) for name in _PROFILE_ARRAYS)
    return arrays


class _NewerFormatError(RecordingError):
    """The file is whole, but this Warploom cannot read it."""


def _check_version(path: Path, header: Header) -> None:
    if header.format != FORMAT:
        raise ValueError("it is another kind of file")
    if header.version > FORMAT_VERSION:
        raise _NewerFormatError(
            f"{path} was written by a newer Warploom ({header.warploom[:40]}, format {header.version}; this one reads "
            f"up to {FORMAT_VERSION}): upgrade Warploom to open it."
        )
    if header.version < 1:
        raise ValueError(f"it has the format {header.version}")


def _recording(members: Mapping[str, bytes]) -> Recording:
    document = msgspec.json.decode(members[_RECORDING], type=RecordingDocument)
    graph = graph_from_document(members[_GRAPH])
    recording = Recording(
        model=document.model,
        graph=graph,
        device=document.device,
        settings=document.settings,
        candidates=tuple(
            _candidate(candidate, _array_reader(members, f"candidates/{i}"))
            for i, candidate in enumerate(document.candidates)
        ),
        chosen=document.chosen,
        search=document.search,
        verification=verification_from(document.verification),
        build_log=document.build_log,
        environment=document.environment,
        solo_us=document.solo_us,
        created=document.created,
        warploom_version=document.warploom,
        format_version=document.version,
    )
    check_recording(recording)
    return recording


def _array_reader(members: Mapping[str, bytes], folder: str) -> Callable[[str], Array]:
    return lambda name: array_from_bytes(members[f"{folder}/{name}.npy"])


def _candidate(document: CandidateDocument, array: Callable[[str], Array]) -> Candidate:
    return Candidate(
        name=document.name,
        plan=document.plan,
        measurement=Measurement(_floats(array("samples_us"))),
        timeline=_timeline(document.timeline, array),
        schedule=document.schedule,
        stage_costs_us=_floats(array("stage_costs_us")),
        decisions=document.decisions,
    )


def _timeline(document: TimelineDocument, array: Callable[[str], Array]) -> Timeline:
    return Timeline(
        name=document.name,
        device=document.device,
        simulated=document.simulated,
        duration_ns=document.duration_ns,
        launch_names=document.launch_names,
        kernel_names=document.kernel_names,
        spans=_spans(document, array),
        warps=WarpSeries(array("warps/streams"), array("warps/edges_ns"), array("warps/warps")),
        counters=None if document.counters is None else _counters(document.counters, array),
        max_warps=document.max_warps,
        estimated=document.estimated,
        profile=None if document.profile is None else _profile(document.profile, array),
        lane_names=document.lane_names,
    )


def _spans(document: TimelineDocument, array: Callable[[str], Array]) -> Spans:
    columns: dict[str, Array] = {name: array(f"spans/{name}") for name in _SPAN_COLUMNS}
    # Files of before there were copies have no such column either.
    copied = array("spans/copy_bytes") if document.copies else np.zeros(columns["start_ns"].shape, dtype=np.int64)
    return Spans(**columns, copy_bytes=copied)


def _profile(document: ProfileDocument, array: Callable[[str], Array]) -> Profile:
    fields: dict[str, Any] = {name: array(f"profile/{name}") for name in _PROFILE_ARRAYS}
    return Profile(**fields, **msgspec.structs.asdict(document))


def _counters(names: tuple[str, ...], array: Callable[[str], Array]) -> Counters:
    return Counters(names, array("counters/start_ns"), array("counters/end_ns"), array("counters/values"))


def _floats(array: Array) -> tuple[float, ...]:
    if array.ndim != 1 or array.dtype.kind != "f":
        raise ValueError(f"a list of latencies has the shape {array.shape} and the type {array.dtype}")
    return tuple(array.tolist())
