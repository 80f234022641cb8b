"""A network behind one function is executed as told, and its results are NumPy arrays of types that can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from warploom.peers.frameworks.called import CalledNetwork


class Counted:
    def __init__(self, dtype: Any) -> None:
        self.calls = 0
        self._value = np.array([1.5, -2.0]).astype(dtype)

    def __call__(self) -> dict[str, Any]:
        self.calls += 1
        return {"y": self._value}


@pytest.mark.parametrize(("dtype", "shown"), [("float16", "float32"), ("float32", "float32"), ("int64", "int64")])
def test_that_floats_come_back_in_single_precision_and_integers_as_they_are(dtype: str, shown: str) -> None:
    value = CalledNetwork(Counted(dtype), np.asarray).run()["y"]
    assert value.dtype == shown
    np.testing.assert_array_equal(value, np.array([1.5, -2.0]).astype(dtype))


def test_that_bfloat16_comes_back_in_single_precision() -> None:
    types = pytest.importorskip("ml_dtypes")
    assert CalledNetwork(Counted(types.bfloat16), np.asarray).run()["y"].dtype == np.float32


def test_that_it_is_executed_before_it_is_timed_and_once_for_each_sample() -> None:
    network = Counted("float32")
    loaded = CalledNetwork(network, np.asarray)
    assert network.calls == 1
    assert len(loaded.measure(3).samples_us) == 3
    assert network.calls >= 1 + 1 + 3
