"""The options that several verbs share, declared once; nothing heavy is imported for them."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class Mode(enum.StrEnum):
    """Which schedulers compete (the same names as warploom.schedule.modes.MODES)."""

    BOTH = "both"
    PARALLEL = "parallel"
    MERGE = "merge"
    GREEDY = "greedy"
    SEQUENTIAL = "sequential"
    IOS_BOTH = "ios-both"
    DATAFLOW = "dataflow"
    LIST = "list"
    NIMBLE = "nimble"
    OPARA = "opara"
    LOCAL = "local"


class PrecisionName(enum.StrEnum):
    """Arithmetic of operators: the names of warploom.graph.Precision, and "auto"."""

    FP32 = "fp32"
    TF32 = "tf32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    AUTO = "auto"


class CalibrationMethod(enum.StrEnum):
    """How ranges follow from calibration data (the same names as warploom.precision.histogram)."""

    MSE = "mse"
    MINMAX = "minmax"
    PERCENTILE = "percentile"
    ENTROPY = "entropy"


class ExportFormat(enum.StrEnum):
    """What a recording can be exported to (the same names as warploom.report.export.FORMATS)."""

    HTML = "html"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"
    FIGURE_PDF = "figure-pdf"
    UTILIZATION_PNG = "utilization-png"
    UTILIZATION_SVG = "utilization-svg"
    UTILIZATION_PDF = "utilization-pdf"
    CSV = "csv"
    SAMPLES_CSV = "samples-csv"
    OPERATORS_CSV = "operators-csv"
    PARQUET = "parquet"
    CHROME_TRACE = "chrome-trace"
    SCHEDULE_JSON = "schedule-json"


# The groups that `--help` of long verbs lists options in.
MODEL = "Model"
PRECISION = "Precision"
SEARCH = "Search"
MEASURING = "Measuring"
HOST = "Another machine"
OUTPUT = "Output"

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="An ONNX file.", show_default=False)]
RecordingFile = Annotated[Path, typer.Argument(metavar="FILE", help="A .warploom file.", show_default=False)]
DeviceName = Annotated[str, typer.Option("--device", help="Where to run: auto, sim:h200, ... (see warploom devices).")]
ShapeList = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        metavar="NAME=1,3,224,224",
        help="Shape of an input whose dimensions are not fixed.",
        rich_help_panel=MODEL,
    ),
]
ErrorBudget = Annotated[
    float | None,
    typer.Option(
        "--error-budget",
        help="Largest relative error of an output, for --precision auto.",
        show_default="0.002",
        rich_help_panel=PRECISION,
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        metavar="FOLDER",
        help="Inputs as .npy files, for --precision int8 and auto.",
        rich_help_panel=PRECISION,
    ),
]
CalibrationMethodName = Annotated[
    CalibrationMethod,
    typer.Option("--calibration-method", help="How ranges follow from them.", rich_help_panel=PRECISION),
]
Batch = Annotated[
    int | None,
    typer.Option("--batch", min=1, help="Batch size.", show_default="the model's, or 1", rich_help_panel=MODEL),
]
_RIVALS = ", ".join(mode for mode in Mode if mode not in (Mode.BOTH, Mode.SEQUENTIAL))
ModeName = Annotated[
    Mode,
    typer.Option(
        "--mode",  # said here: typer 0.27 makes --MODE of the placeholder
        metavar="MODE",
        help=f"Which schedulers compete: all of them (both), or the sequential one alone or beside one of {_RIVALS}.",
        rich_help_panel=SEARCH,
    ),
]
WorkspaceLimit = Annotated[
    int | None,
    typer.Option(
        "--workspace-mb", min=0, help="Largest workspace of a library's kernel, in MiB.", rich_help_panel=SEARCH
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Compare outputs with a reference.", rich_help_panel=MEASURING)
]
BuildLog = Annotated[
    bool, typer.Option("--log", help="Print the build log: every decision with its reason.", rich_help_panel=OUTPUT)
]


def parse_shapes(texts: list[str] | None) -> dict[str, tuple[int, ...]]:
    """Turns "NAME=1,3,224,224" into a shape by input name.

    Raises:
        typer.BadParameter: Naming the text that is not of that form, or says something twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts or ():
        name, separator, dimensions = text.rpartition("=")
        if not separator or not name:
            raise typer.BadParameter(f"--shape {text!r} is not of the form NAME=1,3,224,224.")
        if name in shapes:
            raise typer.BadParameter(f"--shape gives the input {name!r} twice.")
        shapes[name] = _dimensions(text, dimensions)
    return shapes


def _dimensions(text: str, dimensions: str) -> tuple[int, ...]:
    parts = dimensions.lower().replace("x", ",").split(",") if dimensions.strip() else []  # none: a scalar
    try:
        shape = tuple(int(part) for part in parts)
    except ValueError:
        raise typer.BadParameter(f"--shape {text!r} has a dimension that is not a whole number.") from None
    if any(dimension < 0 for dimension in shape):  # 0 is a decoder's past at its first step
        raise typer.BadParameter(f"--shape {text!r} has a negative dimension.")
    return shape
