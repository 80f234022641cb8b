"""Batched drawing of one layer each."""
