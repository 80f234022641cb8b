"""Recordings written by earlier versions stay readable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from warploom.recording.file import read_recording
from warploom.recording.recording import Recording

DATA = Path(__file__).parent / "data"


def test_that_a_file_of_format_1_is_read(make_recording: Callable[..., Recording]) -> None:
    """Written when format 1 was new, never to be made anew: a change that cannot read it makes format 2."""
    found, expected = read_recording(DATA / "version-1.warploom"), make_recording(1)
    assert found.format_version == 1
    assert found.graph.operators == expected.graph.operators
    assert [item.plan for item in found.candidates] == [item.plan for item in expected.candidates]
    assert [item.schedule for item in found.candidates] == [item.schedule for item in expected.candidates]
    assert found.verification == expected.verification
    assert found.settings == expected.settings
    assert found.optimized.timeline.spans.end_ns.tolist() == expected.optimized.timeline.spans.end_ns.tolist()
