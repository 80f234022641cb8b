"""The list of peers names every one, why it cannot run here, and whether its adapter ever did."""

from __future__ import annotations

from pathlib import Path

import pytest

from warploom.cli.main import run
from warploom.peers import listing
from warploom.peers.registry import PEERS, UNTESTED


def test_that_every_peer_is_listed_with_its_version_or_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {name: PEERS[name] for name in ("ort-cpu", "tvm", "torch-graph")}
    monkeypatch.setattr(listing, "PEERS", few)
    runtime, tvm, torch = listing.list_peers()
    assert runtime.version
    assert not runtime.reason
    assert not runtime.untested
    assert tvm.untested
    assert "TVM" in tvm.reason
    assert not torch.untested
    assert run(["peers"]) == 0
    text = capsys.readouterr().out
    assert "ort-cpu" in text
    assert "untested" in text


def test_that_the_page_of_experiments_names_every_peer_and_which_are_untested() -> None:
    page = Path(__file__).parents[3] / "docs" / "experiments.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    for name, peer in PEERS.items():
        (row,) = [line for line in rows if f"`{name}`" in line]
        if peer.gpu:
            assert ("untested" in row) == (name in UNTESTED), name
