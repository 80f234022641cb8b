"""The simulated GPU: a deterministic fluid model of kernels that share SMs and memory bandwidth."""
