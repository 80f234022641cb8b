"""ONNX -> Graph; the only place that imports onnx, onnx_ir and onnxscript."""
