"""The CUDA device: a Graph on an NVIDIA GPU, as one CUDA graph. The only place that imports CUDA libraries."""
