"""`warploom ops`: which ONNX operators each device runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer


def ops(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="OPERATOR", help="Only these, such as Conv.", show_default=False)
    ] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only those that some device does not run.")] = False,
) -> None:
    """List the ONNX operators by name, and how each kind of device runs them, or why it does not."""
    from rich.table import Table

    from warploom.cli.console import stdout_console
    from warploom.device.registry import operator_support

    support = operator_support()
    known = sorted({op for ops_of_device in support.values() for op in ops_of_device})
    wanted = _named(names or (), known)
    table = Table("operator", *support, box=None, pad_edge=False)
    for op in known:
        answers = [ops_of_device.get(op) for ops_of_device in support.values()]
        everywhere = all(answer is not None and answer.supported for answer in answers)
        if (not wanted or op in wanted) and not (missing and everywhere):
            table.add_row(op, *(_answer(answer) for answer in answers))
    stdout_console().print(table)
    typer.echo("\nOperators that are not listed are imported and shown, but no device runs them.")


def _named(names: Sequence[str], known: Sequence[str]) -> set[str]:
    """The operators that the user named, in whatever case."""
    spelled = {op.lower(): op for op in known}
    unknown = [name for name in names if name.lower() not in spelled]
    if unknown:
        from warploom.errors import CommandError

        raise CommandError(
            f"No device knows the operator {', '.join(unknown)}; warploom ops lists those that are known."
        )
    return {spelled[name.lower()] for name in names}


def _answer(support: object) -> str:
    from warploom.device import Support

    if not isinstance(support, Support):
        return "no"
    word = "yes" if support.supported else "no"
    return f"{word}: {support.reason}" if support.reason else word
