"""Draws whole pictures of graphs in a process of its own: threads would share the window's Python."""

from warploom_app.drawing.messages import Drawn, PictureOrder, order_of
from warploom_app.drawing.process import DrawingProcess

__all__ = ["DrawingProcess", "Drawn", "PictureOrder", "order_of"]
