from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from warploom.errors import CalibrationError
from warploom.graph import DType, Graph, Tensor
from warploom.precision.samples import MOST_SAMPLES, folder_samples, random_samples


def rows(count: int, *, start: float = 0.0) -> np.ndarray:
    values = np.arange(count, dtype=np.float32)[:, None, None, None] + np.float32(start)
    return np.broadcast_to(values, (count, 3, 16, 16)).astype(np.float32)


def firsts(samples: tuple[dict[str, np.ndarray], ...]) -> list[float]:
    return [float(sample["x"].flat[0]) for sample in samples]


def with_inputs(graph: Graph, **shapes: tuple[int, ...]) -> Graph:
    tensors = {**graph.tensors, **{name: Tensor(name, shape, DType.FLOAT32) for name, shape in shapes.items()}}
    return dataclasses.replace(graph, tensors=tensors, inputs=tuple(shapes))


def test_that_every_fourth_sample_is_held_out(graph: Graph, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", rows(5))
    np.save(tmp_path / "b.npy", rows(1, start=5.0)[0])
    (tmp_path / "notes.txt").write_text("not data")
    samples = folder_samples(tmp_path, graph)
    assert firsts(samples.calibration) == [0.0, 1.0, 2.0, 4.0, 5.0]
    assert firsts(samples.held_out) == [3.0]


def test_that_two_samples_are_one_of_each_and_one_is_only_for_calibration(graph: Graph, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", rows(2))
    both = folder_samples(tmp_path, graph)
    assert (firsts(both.calibration), firsts(both.held_out)) == ([0.0], [1.0])
    np.save(tmp_path / "a.npy", rows(1))
    assert folder_samples(tmp_path, graph).held_out == ()


def test_that_many_samples_are_thinned_evenly(graph: Graph, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", rows(4 * MOST_SAMPLES))
    samples = folder_samples(tmp_path, graph)
    everything = sorted(firsts(samples.calibration) + firsts(samples.held_out))
    assert len(everything) == MOST_SAMPLES
    assert everything[0] == 0.0
    assert everything[-1] == 4 * MOST_SAMPLES - 1
    assert str(MOST_SAMPLES) in samples.description


def test_that_batches_are_put_together_from_rows(graph: Graph, tmp_path: Path) -> None:
    batch = with_inputs(graph, x=(4, 3, 16, 16))
    np.save(tmp_path / "a.npy", rows(6))
    np.save(tmp_path / "b.npy", rows(3, start=6.0))
    samples = folder_samples(tmp_path, batch)
    assert [sample["x"].shape for sample in samples.calibration] == [(4, 3, 16, 16)]
    assert samples.held_out[0]["x"][:, 0, 0, 0].tolist() == [4.0, 5.0, 6.0, 7.0]


def test_that_several_inputs_have_files_or_folders_of_their_names(graph: Graph, tmp_path: Path) -> None:
    pair = with_inputs(graph, **{"x": (1, 3, 16, 16), "a/mask": (2,)})
    (tmp_path / "x").mkdir()
    for i in range(2):
        np.save(tmp_path / "x" / f"{i}.npy", rows(1, start=i))
        np.save(tmp_path / f"a_mask-{i}.npy", np.full(2, i, np.float32))
    samples = folder_samples(tmp_path, pair)
    assert samples.calibration[0]["a/mask"].tolist() == [0.0, 0.0]
    assert firsts(samples.held_out) == [1.0]
    np.save(tmp_path / "other.npy", rows(1))
    with pytest.raises(CalibrationError, match=r"other\.npy belongs to no input"):
        folder_samples(tmp_path, pair)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((1, 3, 16, 15), np.float32), r"bad\.npy has the shape \[1, 3, 16, 15\]"),
        (np.zeros((0, 3, 16, 16), np.float32), r"bad\.npy has the shape \[0, 3, 16, 16\]"),
        (np.float32(1.0), r"bad\.npy has the shape \[\]"),
        (np.zeros((1, 3, 16, 16)), "holds float64, but the input 'x' is float32"),
        (np.zeros((1, 3, 16, 16), np.uint8), "holds uint8"),
        (np.full((1, 3, 16, 16), np.nan, np.float32), "holds 768 values that are NaN or infinite"),
        (np.full((1, 3, 16, 16), -np.inf, np.float32), "NaN or infinite"),
    ],
)
def test_that_arrays_that_do_not_fit_are_refused(graph: Graph, tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(CalibrationError, match=message):
        folder_samples(tmp_path, graph)


def test_that_large_finite_values_are_no_infinities(graph: Graph, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((1, 3, 16, 16), 3e38, np.float32))
    assert folder_samples(tmp_path, graph).calibration


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY broken", b"text"])
def test_that_files_that_are_no_arrays_are_named(graph: Graph, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npy").write_bytes(content)
    with pytest.raises(CalibrationError, match=r"bad\.npy is no readable \.npy array: [^\n]*[^.]\.$") as caught:
        folder_samples(tmp_path, graph)
    assert "allow_pickle" not in str(caught.value)


def test_that_pickles_are_not_opened(graph: Graph, tmp_path: Path) -> None:
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(CalibrationError, match=r"bad\.npy is no readable"):
        folder_samples(tmp_path, graph)


def test_that_missing_empty_and_small_folders_are_refused(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="There is no folder"):
        folder_samples(tmp_path / "nowhere", graph)
    with pytest.raises(CalibrationError, match=r"holds no \.npy files"):
        folder_samples(tmp_path, graph)
    np.save(tmp_path / "a.npy", rows(3))
    with pytest.raises(CalibrationError, match="hold 3 rows together"):
        folder_samples(tmp_path, with_inputs(graph, x=(8, 3, 16, 16)))
    np.save(tmp_path / "y-a.npy", np.zeros(2, np.float32))
    (tmp_path / "a.npy").rename(tmp_path / "x-a.npy")
    with pytest.raises(CalibrationError, match="different number of samples"):
        folder_samples(tmp_path, with_inputs(graph, x=(1, 3, 16, 16), y=(2,)))


def test_that_random_samples_are_seeded(graph: Graph) -> None:
    one, two = random_samples(graph, 4, 5), random_samples(graph, 4, 5)
    np.testing.assert_array_equal(one.held_out[0]["x"], two.held_out[0]["x"])
    assert len(one.calibration) == 3
