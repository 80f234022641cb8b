"""Where the `warploom` command begins: until the rest is imported, Ctrl-C ends it without a word."""

from __future__ import annotations

import signal


def main() -> None:
    """Runs the command line. Leaves through SystemExit."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # and not ignored, as below `nohup`
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from warploom.cli.main import main as run_command

    signal.signal(signal.SIGINT, handler)
    run_command()
