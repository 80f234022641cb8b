"""The version, in one place: the build backend, the command line, the window and the recordings read it here."""

__version__ = "0.1.0"
