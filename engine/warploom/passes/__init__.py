"""Rewrites of the Graph, one per file; each takes a Graph and returns a new one and whether it changed."""
