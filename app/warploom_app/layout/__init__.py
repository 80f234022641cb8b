"""Layered layout of a DAG: a quick one, a refined one, and the background process that computes them. No Qt inside."""

from warploom_app.layout.cache import LayoutCache
from warploom_app.layout.messages import LayoutRequest, LayoutResult
from warploom_app.layout.quick import quick_layout
from warploom_app.layout.refined import refined_layout

__all__ = ["LayoutCache", "LayoutRequest", "LayoutResult", "quick_layout", "refined_layout"]
