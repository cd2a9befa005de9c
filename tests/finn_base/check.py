"""Open graphs with finn-base and run its functions layer by layer against the integers beside them.

Runs where finn-base is installed and nothing of this project: `check.py FOLDER`. For every FOLDER/NAME.onnx there is
a NAME.npz with the integers that the input, each activation, the scores and the class must hold. finn-base's own
execution of graphs fails on today's onnx, so its functions are called node by node.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from finn.core.modelwrapper import ModelWrapper
from finn.custom_op.general.multithreshold import multithreshold
from finn.custom_op.general.xnorpopcount import xnorpopcountmatmul
from onnx import helper

INPUT = "spikes"


def computed(node, inputs):
    """Outputs of a node: FINN's own by finn-base, the others by NumPy."""
    if node.op_type == "XnorPopcountMatMul":
        return [xnorpopcountmatmul(*inputs)]
    if node.op_type == "MultiThreshold":
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        return [multithreshold(*inputs, attributes["out_scale"], attributes["out_bias"])]
    if node.op_type == "TopK":
        order = np.argsort(-inputs[0], axis=1, kind="stable")[:, : int(inputs[1][0])]
        return [np.take_along_axis(inputs[0], order, axis=1), order]
    return [{"MatMul": np.matmul, "Mul": np.multiply, "Add": np.add}[node.op_type](*inputs)]


def tensors_of(model, x):
    """Every tensor of the graph for the inputs x; each must be of the datatype that finn-base reads off the graph."""
    tensors = {INPUT: x.astype(np.float32)}
    for node in model.graph.node:
        constants = {name: model.get_initializer(name) for name in node.input if name not in tensors}
        outputs = computed(node, [{**tensors, **constants}[name] for name in node.input])
        tensors.update(zip(node.output, outputs, strict=True))
        for name in node.output:
            datatype = model.get_tensor_datatype(name)
            if not all(datatype.allowed(value) for value in np.unique(tensors[name])):
                raise SystemExit(f"tensor {name} holds values that are no {datatype}")
    return tensors


def main(folder):
    """Check every graph of the folder; 1 where any tensor differs."""
    differing = 0
    graphs = sorted(folder.glob("*.onnx"))
    for path in graphs:
        model = ModelWrapper(str(path))
        expected = np.load(path.with_suffix(".npz"))
        tensors = tensors_of(model, expected[INPUT])
        wrong = [name for name in expected.files if not np.array_equal(tensors[name], expected[name])]
        differing += len(wrong)
        kinds = " ".join(node.op_type for node in model.graph.node)
        verdict = f"DIFFERS in {', '.join(wrong)}" if wrong else f"{len(expected.files)} tensors equal"
        print(f"{path.name}: {verdict} over {len(expected[INPUT])} inputs ({kinds})")
    if not graphs:
        print(f"{folder} holds no .onnx file")
        return 1
    versions = ", ".join(f"{name} {version(name)}" for name in ("finn-base", "onnx", "numpy"))
    print(f"{versions}: {len(graphs)} graphs, {differing} tensors differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
