"""Operators written out as simpler ones on import, one small module per family."""

from warploom.importer.expand.table import EXPANDED, expand
from warploom.importer.expand.writer import WrittenNode

__all__ = ["EXPANDED", "WrittenNode", "expand"]
