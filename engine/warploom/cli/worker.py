"""`warploom worker`: the background process that the window (or a remote host) talks to."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer


def worker(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak the protocol on stdin and stdout; logs go to stderr.")
    ] = False,
) -> int:
    """Serve jobs to another program over stdin and stdout."""
    if not stdio:
        raise typer.BadParameter("A worker needs --stdio, the only way to talk to it")
    import logging

    from warploom.stdio import claim_standard_streams, leave_interrupts_to_the_parent
    from warploom.worker.server import Server

    level = logging.DEBUG if os.environ.get("WARPLOOM_DEBUG") else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    leave_interrupts_to_the_parent()
    return Server(*claim_standard_streams()).serve()
