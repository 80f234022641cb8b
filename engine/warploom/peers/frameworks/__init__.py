"""How a model is executed by each array framework; every file imports its framework when asked for, never before."""
