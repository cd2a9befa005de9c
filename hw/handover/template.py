"""An instantiation of the sorter to paste into a Verilog design."""

from hw.accelerator.accelerator import Accelerator
from hw.netlist import Netlist
from hw.network.decide import UNSORTED


def instantiation(netlist: Netlist, accelerator: Accelerator) -> str:
    """Verilog text that instantiates the netlist, with what its ports carry as comments."""
    ports = netlist.ports
    element = accelerator.input_format.element
    lanes, words = accelerator.input_format.lanes, accelerator.words_per_spike
    spike_data, spike_valid, spike_ready = ports.spike_stream
    unit_data, unit_valid, unit_ready = ports.unit_stream
    level = "high" if ports.reset_active else "low"
    options = (_margin(accelerator), _changing_weights(netlist), _idle(netlist))
    remark, wire, connection = ("".join(texts) for texts in zip(*options, strict=True))
    return f"""\
// One spike window is {words} words of {lanes} elements of {element.name}, the first element in the low bits.
// One result is the unit's index in bits {ports.unit_bits - 1}:0 and its signed score in bits \
{ports.result_bits - 1}:{ports.unit_bits}.
{remark}// Both streams follow valid/ready: data holds while valid is high, until ready is high too.
// The reset is synchronous, active {level}.
wire [{ports.spike_bits - 1}:0] {spike_data};
wire {spike_valid}, {spike_ready};
wire [{ports.result_bits - 1}:0] {unit_data};
wire {unit_valid}, {unit_ready};
{wire}
{netlist.top} sorter (
    .{ports.clock}({ports.clock}),
    .{ports.reset}({ports.reset}),
    .{spike_data}({spike_data}),
    .{spike_valid}({spike_valid}),
    .{spike_ready}({spike_ready}),
    .{unit_data}({unit_data}),
    .{unit_valid}({unit_valid}),
    .{unit_ready}({unit_ready}){connection}
);
"""


def _changing_weights(netlist: Netlist) -> tuple[str, str, str]:
    """What weights that change add to the template: a comment, wires and connections, empty where they do not."""
    sides = {**netlist.ports.side_inputs, **netlist.ports.side_outputs}
    names = [name for name in sides if name not in ("margin", "idle")]
    if not names:
        return "", "", ""
    wires = "".join(f"wire [{sides[name] - 1}:0] {name};\n" for name in names)
    remark = (
        "// weight_set belongs to a spike's first word; the ports load_* take frames of new weights, byte by byte.\n"
    )
    return remark, wires, "".join(f",\n    .{name}({name})" for name in names)


def _idle(netlist: Netlist) -> tuple[str, str, str]:
    """What an engine's idle output adds to the template: a comment, a wire and a connection."""
    if not netlist.ports.idles:
        return "", "", ""
    valid = netlist.ports.spike_stream[1]
    remark = f"// While idle is high the clock may stand still; idle falls with {valid}. A reset needs the clock.\n"
    return remark, "wire idle;\n", ",\n    .idle(idle)"


def _margin(accelerator: Accelerator) -> tuple[str, str, str]:
    """What 'unsorted' adds to the template: a comment, a wire and a connection, each empty where there is none."""
    if not accelerator.argmax.can_be_unsorted:
        return "", "", ""
    remark = (
        f"// Unit {accelerator.network.head.rows} is '{UNSORTED}': the best score leads the second best by less than "
    )
    if not accelerator.margin_bits:
        return f"{remark}{accelerator.network.margin}.\n", "", ""
    wire = (
        f"wire [{accelerator.margin_bits - 1}:0] margin;  // {accelerator.network.margin} as calibrated; 0: never\n"
    )
    return f"{remark}margin,\n// which is sampled with each spike's first score.\n", wire, ",\n    .margin(margin)"
