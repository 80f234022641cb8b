"""Own kernels: CUDA C++ generated for the shapes and layouts at hand; each module registers its families."""
