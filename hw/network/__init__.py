"""A QONNX graph as a frozen network of integers: lowered, executable, and held against the graph itself."""
