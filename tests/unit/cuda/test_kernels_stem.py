"""Convolutions of few channels on tensor cores, in every form, against NumPy."""

from __future__ import annotations

import pytest

from cuda_host import HostKernels, compiler
from stem_cases import check_stems, stem_cases

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")


@needs_compiler
def test_that_convolutions_of_few_channels_compute_the_same_in_every_form() -> None:
    check_stems(list(stem_cases()), HostKernels)
