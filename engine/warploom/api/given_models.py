"""Models as callers give them: an ONNX file, a Network or an onnx.ModelProto, each as a file for the importer."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warploom.errors import PlanError
from warploom.samples.network import Network

if TYPE_CHECKING:
    from warploom.graph import Graph


@contextlib.contextmanager
def model_file(model: Any) -> Iterator[Path]:
    """The file of a model; one that is in memory is written to a temporary folder meanwhile.

    Raises:
        PlanError: If it is no model.
    """
    if isinstance(model, str | Path):
        yield Path(model)
        return
    with tempfile.TemporaryDirectory(prefix="warploom-") as folder:
        if isinstance(model, Network):
            yield model.write(Path(folder) / f"{_file_name(model.name)}.onnx")
            return
        if not hasattr(model, "SerializeToString"):
            raise PlanError(
                f"A {type(model).__name__} is no model: give an ONNX file, a Network or an onnx.ModelProto."
            )
        path = Path(folder) / f"{_file_name(model.graph.name)}.onnx"
        path.write_bytes(model.SerializeToString())
        yield path


def _file_name(name: str) -> str:
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name) or "model"


def held(graph: Graph) -> Graph:
    """The Graph with its weights in memory, so that the file they come from may go."""
    from warploom.graph import ArrayConstant
    from warploom.graph.constant import FillConstant

    constants = {
        name: constant if isinstance(constant, FillConstant) else ArrayConstant.of(constant.numpy(), constant.dtype)
        for name, constant in graph.constants.items()
    }
    return dataclasses.replace(graph, constants=constants)
