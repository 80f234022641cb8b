"""Runs the command line as `python -m warploom`."""

from warploom.cli.main import main

main()
