"""Every operator that Warploom promises to import computes the same after import and export, in every version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_CASES = Path(__file__).with_name("operators.txt")
_LINE = re.compile(r"(\w+) (\d+)-(\d+): (.*)")


def _parameters() -> list[object]:
    """First, middle and last version of every case."""
    parameters = []
    for line in _CASES.read_text().splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            assert not line or line.startswith("#"), line
            continue
        name, first, last, graph = match[1], int(match[2]), int(match[3]), match[4]
        versions = sorted({first, (first + last) // 2, last})
        parameters += [pytest.param(graph, version, id=f"{name}-{version}") for version in versions]
    return parameters


@pytest.mark.parametrize(("graph", "opset"), _parameters())
def test_that_an_operator_computes_the_same_after_import(save, check, graph: str, opset: int) -> None:
    check(save(graph, opset))
