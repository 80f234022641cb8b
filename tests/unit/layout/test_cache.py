"""The cache of refined layouts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from warploom_app.layout import LayoutCache, LayoutRequest, LayoutResult, quick_layout


def _request(nodes: int = 3) -> LayoutRequest:
    return LayoutRequest([100.0] * nodes, [50.0] * nodes, [(i, i + 1) for i in range(nodes - 1)])


def test_that_a_kept_layout_comes_back(tmp_path: Path) -> None:
    cache, request = LayoutCache(tmp_path / "new"), _request()
    assert cache.get(request) is None
    result = quick_layout(request)
    cache.put(request, result)
    assert cache.get(request) == result


def test_that_another_graph_or_other_sizes_find_nothing(tmp_path: Path) -> None:
    cache = LayoutCache(tmp_path)
    cache.put(_request(), quick_layout(_request()))
    assert cache.get(_request(4)) is None
    assert cache.get(LayoutRequest([101.0, 100.0, 100.0], [50.0] * 3, [(0, 1), (1, 2)])) is None


@pytest.mark.parametrize("content", [b"", b"\x00garbage", b"\x81\xa1x\x01"])
def test_that_a_damaged_file_counts_as_missing(tmp_path: Path, content: bytes) -> None:
    cache, request = LayoutCache(tmp_path), _request()
    (tmp_path / f"{request.key}.msgpack").write_bytes(content)
    assert cache.get(request) is None


def test_that_a_layout_of_the_wrong_size_counts_as_missing(tmp_path: Path) -> None:
    cache, request = LayoutCache(tmp_path), _request()
    cache.put(request, quick_layout(_request(2)))
    assert cache.get(request) is None


def test_that_the_cache_drops_the_least_recently_used(tmp_path: Path) -> None:
    cache = LayoutCache(tmp_path)
    requests = [_request(i + 1) for i in range(66)]
    for age, request in enumerate(requests[:64]):
        cache.put(request, quick_layout(request))
        path = tmp_path / f"{request.key}.msgpack"
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    assert cache.get(requests[0]) is not None  # used now: no longer the oldest
    for request in requests[64:]:
        cache.put(request, quick_layout(request))
    assert len(list(tmp_path.iterdir())) == 64
    assert [cache.get(request) is None for request in requests[:4]] == [False, True, True, False]


def test_that_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    cache = LayoutCache(file / "folder")
    cache.put(_request(), LayoutResult("refined", [], [], b"", [], 0.0, 0.0))
    assert cache.get(_request()) is None
