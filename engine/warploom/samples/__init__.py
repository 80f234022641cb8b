"""Sample models: recipes that emit ONNX with seeded random weights, and the small files that ship."""
