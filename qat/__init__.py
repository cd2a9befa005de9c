"""From recordings to a trained QONNX file. Never imports hw."""
