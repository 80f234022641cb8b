from __future__ import annotations

import hashlib

import numpy as np

from warploom.samples.moments import after
from warploom.samples.weights import symmetric


def test_that_weights_are_uniform_with_the_deviation_asked_for() -> None:
    values = symmetric("w", (64, 32, 3, 3), 0.25, 0.0).values((1, 2))
    assert values.dtype == np.float32
    assert abs(float(values.std()) - 0.25) < 0.005
    assert abs(float(values.mean())) < 0.005
    assert float(np.abs(values).max()) <= 0.25 * 3**0.5


def test_that_the_bytes_never_change() -> None:
    """The committed sample models depend on them, on every platform and NumPy version."""
    values = symmetric("w", (5, 7), 1.0, 0.0).values((0, 3))
    digest = hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()
    assert digest == "0e0922f3e1232f776e36bd0ce4246e9a3c513d9dc719c9201612f8fca2b79615"


def test_that_each_seed_gives_other_weights() -> None:
    weight = symmetric("w", (9,), 1.0, 0.0)
    assert not np.array_equal(weight.values((0, 1)), weight.values((0, 2)))
    assert np.array_equal(weight.values((0, 1)), weight.values((0, 1)))


def test_that_moments_agree_with_sampling() -> None:
    x = np.random.default_rng(0).normal(0.5, 1.2, 400_000)
    for op, values in (("Relu", np.maximum(x, 0)), ("SiLU", x / (1 + np.exp(-x)))):
        mean, variance = after(op, 0.5, 1.44)
        assert abs(mean - values.mean()) < 0.02
        assert abs(variance - values.var()) < 0.03
