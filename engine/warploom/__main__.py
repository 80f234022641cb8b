"""Runs the command line as `python -m warploom`."""

from warploom.cli.entry import main

main()
