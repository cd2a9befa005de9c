"""How large a graph may be: far beyond what a device holds, and small enough to be refused in seconds."""

MAX_FILE_BYTES = 2**28
MAX_ELEMENTS = 2**26
"""Of all tensors together at batch size 1: 256 MB as float32."""
MAX_NODES = 1000
"""QONNX's executor looks through all nodes for each of them."""
MAX_BATCH_ELEMENTS = 2**25
"""Of all tensors together in one run of several inputs: 128 MB as float32."""
