"""Decides how every operator computes: 16-bit floats within an error budget, or 8-bit integers from calibration."""
