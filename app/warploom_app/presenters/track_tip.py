"""What the note beside the pointer says: about a span, an idle gap, active warps or a counter."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from warploom.report.counter_tracks import counter_title
from warploom.units import time_text
from warploom_app.presenters.counter_series import CounterSeries
from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.lane import Lane
from warploom_app.presenters.links import through
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.presenters.units import count, scaled

Lines = tuple[str, ...]


def span_tip(track: Track, lane: Lane, position: int, axis: TimeAxis) -> Lines:
    """Name, times, kernel and launch configuration of a span."""
    spans, row, launch = track.timeline.spans, int(lane.span[position]), int(lane.launch[position])
    start, end = int(lane.start_ns[position]), int(lane.end_ns[position])
    stage = _tr(", stage {}").format(track.stages[launch] + 1) if track.stages[launch] >= 0 else ""
    when = _tr("{} from {}").format(time_text((end - start) / 1e3), axis.moment(start))
    lines = [track.label(lane, position), f"{when}, {lane.name}{stage}"]
    if track.is_copy(lane, position):
        moved = int(spans.copy_bytes[row])
        rate = f", {moved / (end - start):,.1f} GB/s" if end > start else ""
        return (*lines, f"{scaled(moved, 'B')}{rate}")
    lines.append(track.timeline.kernel_names[int(spans.kernel[row])])
    grid, block = (" × ".join(map(str, shape[row].tolist())) for shape in (spans.grid, spans.block))
    if int(spans.registers[row]):
        used = _tr("{} registers, {} shared")
        memory = scaled(int(spans.shared_memory_bytes[row]), "B", 1024)
        lines.append(f"{grid} blocks of {block}, {used.format(int(spans.registers[row]), memory)}")
    if launch in track.skewed:
        lines.append(_tr("Tracing delayed its start (first fork)."))
    return tuple(lines)


def gap_tip(track: Track, lane: Lane, time_ns: float) -> Lines | None:
    """How long a stream was idle, and what the next launch waited for."""
    gap = lane.gap_at(time_ns)
    if gap is None:
        return None
    lines = [_tr("idle for {}, {}").format(time_text((gap[1] - gap[0]) / 1e3), lane.name)]
    after = lane.at(gap[1])
    if after is not None and not track.is_copy(lane, after):
        launch = int(lane.launch[after])
        windows = [
            (window[1], one)
            for one in through(track.waits.before, launch, track.ran)
            if (window := track.window_of(one)) is not None
        ]
        if windows:
            end, last = max(windows)
            ready = time_text(max(gap[1] - end, 0.0) / 1e3)
            lines.append(
                _tr("{} waited for {}, which ended {} before").format(track.labels[launch], track.labels[last], ready)
            )
    return tuple(lines)


def warps_tip(track: Track, time_ns: float) -> Lines:
    """Active warps at a time, in all and by stream."""
    values = track.warps.at(time_ns)
    total = float(values.sum())
    share = total / track.timeline.max_warps if track.timeline.max_warps else 0.0
    lines = [_tr("{} active warps, {}% of what the device holds").format(count(total), f"{share * 100:.0f}")]
    if len(values) > 1:
        named = zip(track.warps.streams, values, strict=True)
        lines += [
            f"{in_words(track.timeline.stream_name(one))}: {count(value)}" for one, value in named if value >= 0.5
        ]
    return tuple(lines)


def counter_tip(series: CounterSeries, time_ns: float) -> Lines | None:
    """A counter at a time."""
    value, title = series.value_at(time_ns), counter_title(series.name)
    if value is None:
        return None
    shown = counter_text(value, series.unit)
    return (title, shown) if title == series.name else (title, shown, series.name)


def counter_text(value: float, unit: str) -> str:
    """A counter's value with its unit, in three or four figures."""
    decimals = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 3
    space = "" if unit == "%" else " "
    return f"{value:,.{decimals}f}{space}{unit}".rstrip()


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrackTip", text)
