"""Lowering: Operators to Steps, pure Python; decides where every tensor lies and which kernels compute it."""
