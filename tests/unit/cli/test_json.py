"""Every key of what `--json` prints is in the manual, so that a script's author can rely on it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from timelines import measured_timeline
from warploom.cli.main import run
from warploom.device.cuda.doctor_facts import Finding
from warploom.recording.file import write_recording
from warploom.recording.recording import Recording
from warploom.report.summary import summary
from warploom.serving.bench import BenchReport


def keys(value: Any) -> Iterator[str]:
    """All keys of a JSON value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def fields(kind: type) -> Iterator[str]:
    """All keys of a dataclass that is printed as JSON, at any depth."""
    for name, hint in get_type_hints(kind).items():
        yield name
        for inner in (hint, *get_args(hint)):
            if dataclasses.is_dataclass(inner):
                yield from fields(inner)  # type: ignore[arg-type]


@pytest.fixture
def manual(repository: Path) -> dict[str, set[str]]:
    """The words in code type of each section, by its title."""
    text = (repository / "docs" / "command-line.md").read_text(encoding="utf-8")
    titles = re.split(r"^###? (.*)$", text, flags=re.MULTILINE)[1:]
    sections = zip(titles[::2], titles[1::2], strict=True)
    return {title: set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", body)))) for title, body in sections}


def test_that_the_keys_of_a_recording_are_documented(manual: dict[str, set[str]], example_recording: Recording) -> None:
    first, *others = example_recording.candidates
    measured = measured_timeline()
    plan = dataclasses.replace(first.plan, launches=first.plan.launches[: len(measured.launch_names)])
    candidates = (dataclasses.replace(first, plan=plan, timeline=measured), *others)
    printed = summary(dataclasses.replace(example_recording, candidates=candidates))
    assert printed["schedules"][0]["timeline"]["profile"] is not None
    assert set(keys(printed)) <= manual["`optimize --json` and `show --json`"]


def test_that_the_keys_of_a_comparison_are_documented(
    manual: dict[str, set[str]], example_recording: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.warploom"
    write_recording(example_recording, path)
    assert run(["diff", str(path), str(path), "--json"]) == 0
    printed = set(re.findall(r'"(\w+)": ', capsys.readouterr().out))
    assert {"judged", "operators", "within_noise"} <= printed <= manual["`diff --json`"]


@pytest.mark.parametrize(("section", "kind"), [("`bench --json`", BenchReport), ("`doctor --json`", Finding)])
def test_that_the_keys_of_reports_are_documented(section: str, kind: type, manual: dict[str, set[str]]) -> None:
    assert set(fields(kind)) <= manual[section]
