"""Verilog of a binary layer's sums by da4ml, in an environment of its own: `python rival_da4ml.py weights.npz out`.

The cheaper of its two forms: weights of 0 and 1, of which twice the sums less the sum of all inputs are the sums of
weights of -1 and +1. It imports nothing of this project.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from da4ml.codegen.rtl import RTLModel
from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace

weights = np.load(sys.argv[1], allow_pickle=False)["weights"]  # bool [rows, columns]
columns = weights.shape[1]
inputs = FixedVariableArrayInput((columns,), hwconf=HWConfig(1, -1, -1))
bits = inputs.quantize(np.zeros(columns, int), np.ones(columns, int), np.zeros(columns, int))
sums = (bits @ weights.T.astype(np.float64)) * 2.0 - np.sum(bits)
RTLModel(comb_trace(inputs, sums), "rival", Path(sys.argv[2]), latency_cutoff=5).write()
print(f"da4ml {version('da4ml')}")
