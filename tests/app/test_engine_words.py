"""The engine's sentences in the window's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from pytestqt.qtbot import QtBot

from warploom.recording.recording import Recording
from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.results import make_results
from warploom_app.presenters.verdict import make_verdict
from warploom_app.presenters.why import why
from warploom_app.translation import translator_for

_ENGLISH = re.compile(r"\b(?:saves|loses|takes|instead|side by side|before|more|against|gaps|kernels|verified)\b")


@pytest.fixture
def german(qtbot: QtBot) -> Iterator[QTranslator]:  # noqa: ARG001 - an application has to be there
    translator = translator_for("de")
    assert translator is not None
    QCoreApplication.installTranslator(translator)
    yield translator
    QCoreApplication.removeTranslator(translator)


def _sentences(recording: Recording) -> list[str]:
    results = make_results(recording)
    found = []
    for name in results.candidates:
        if name != recording.sequential.name:
            said = why(results.pair((recording.sequential.name, name)), {})
            found += [said.account, *said.caveats, *(text for one in said.reasons for text in (one.title, one.text))]
    return [*found, make_verdict(results, results.usual).verified]


def test_that_what_the_engine_explains_is_said_in_german(
    german: QTranslator,  # noqa: ARG001 - installed
    make_recording: Callable[..., Recording],
) -> None:
    sentences = _sentences(make_recording(modules=4))
    assert len(sentences) > 8
    assert not [text for text in sentences if _ENGLISH.search(text)]


def test_that_figures_keep_their_places(german: QTranslator) -> None:  # noqa: ARG001
    said = in_words(
        "a takes 3.61 µs beside the others instead of 1,204 ns; active warps 306 → 635 (3.6% → 7.5% of the device)"
    )
    assert said == "a braucht neben den anderen 3.61 µs statt 1,204 ns; aktive Warps 306 → 635 (3.6% → 7.5% der GPU)"
    assert in_words("stream 12") == "Stream 12"
    assert in_words("upstream 12 and the rest") == "upstream 12 and the rest"


def test_that_english_stays_as_the_engine_says_it(qtbot: QtBot, example_recording: Recording) -> None:  # noqa: ARG001
    text = "No NVIDIA GPU can be used here (no NVIDIA driver is installed), so a simulated one stands in for it."
    assert in_words(text) == text
    results = make_results(example_recording)
    assert why(results.pair(results.usual), {}).reasons == results.pair(results.usual).reasons
