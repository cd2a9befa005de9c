"""From a QONNX file to verified gateware. Never imports qat, torch or brevitas."""
