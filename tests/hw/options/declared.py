"""The options of designs, pipelined layers, unrolled layers and engines, and what does not go together.

Values come from the types where they have them: enumerations, devices, formats of activations.
"""

from hw.components.rom import MEMORIES, Storage
from hw.devices import DEVICES
from hw.network.layers import MAX_ACTIVATION_BITS
from hw.network.types import BIPOLAR, IntegerFormat
from hw.schedule.engine import LANES
from tests.hw.options.table import Table, never, refused

FAMILIES = tuple(sorted({device.family for device in DEVICES.values()}))
ELEMENTS = ("BIPOLAR", "UINT1", "unsigned", "signed")
ACTIVATIONS = (
    BIPOLAR,
    *(IntegerFormat(bits, signed=False) for bits in range(1, MAX_ACTIVATION_BITS + 1)),
    *(IntegerFormat(bits, signed=True) for bits in range(2, MAX_ACTIVATION_BITS + 1)),
)
ONE_BIT = tuple(output.name for output in ACTIVATIONS if output.bits == 1)
HIDDEN_OUTPUTS = tuple(output.name for output in ACTIVATIONS)
BLOCK, LOGIC, CONSTANT = (str(storage) for storage in Storage)
IN_MEMORY = tuple(str(storage) for storage in MEMORIES)
PAUSES = ("none", "gaps", "stalls", "both", "sink waits")
MARGINS = ("none", "constant", "port")
SHARES = ("none", "some", "all")
CONVERTERS = ("wires", "widening", "narrowing", "through a divisor")
REPLAYS = ("wires", "held", "one bank", "two banks that stand", "two banks that rotate")
LEVELS_PER_STAGE = ("1", "2", "3", "4")

# What the program says where it refuses.
_WHOLE = "constants need PE"
_FIXED = "constants do not change"
_COUNT_TABLES = "count tables; 0 to 0 are possible"

# What a layer computes, and where it stands.
_LAYER = {
    "position": ("first", "between", "last", "only"),
    "element": ELEMENTS,
    "output": (*HIDDEN_OUTPUTS, "scores"),
    "further_thresholds": SHARES,
    "lowest": ("none", "least", "above"),
    "polarity": ("none", "rising", "falling", "mixed"),
    "converter": CONVERTERS,
}

_LAYER_RULES = (
    never("scores are the last layer's", output="scores", position=("first", "between")),
    never("scores are the last layer's", output=HIDDEN_OUTPUTS, position=("last", "only")),
    never("scores have no threshold", output="scores", polarity=("rising", "falling", "mixed")),
    never("scores have no threshold", output="scores", lowest=("least", "above")),
    never("scores have no threshold", output="scores", further_thresholds=("some", "all")),
    never("a row with a threshold rises or falls", output=HIDDEN_OUTPUTS, polarity="none"),
    never("outputs have a lowest value", output=HIDDEN_OUTPUTS, lowest="none"),
    never("one bit has one threshold", output=ONE_BIT, further_thresholds=("some", "all")),
    never("one threshold takes both values of one bit", output=ONE_BIT, lowest="above"),
    never("all thresholds take all values", further_thresholds="all", lowest="above"),
    never(
        "spikes come in words of the first layer's SIMD elements",
        position=("first", "only"),
        converter=CONVERTERS[1:],
    ),
)

LAYER = Table(
    "layer",
    {
        **_LAYER,
        "pe": ("1", "some", "all"),
        "simd": ("1", "some", "all"),
        "replay": REPLAYS,
        "weights": tuple(map(str, Storage)),
        "constants": tuple(map(str, Storage)),
        "count_tables": SHARES,
        "deep_pipeline": ("no", "yes"),
        "levels_per_stage": ("none", *LEVELS_PER_STAGE),
        "weight_sets": ("one", "several"),
        "loadable": ("no", "yes"),
        "family": FAMILIES,
        "pauses": PAUSES,
    },
    (
        *_LAYER_RULES,
        never("a word of one element is not made of several", simd="1", converter=("widening", "through a divisor")),
        never("a layer has no fewer columns than there are PE before it", simd="all", converter="narrowing"),
        never("PE divide the columns behind them", simd="all", converter="through a divisor"),
        never("a vector that repeats is kept", replay="wires", pe=("1", "some")),
        never("one bank is for a vector that repeats", replay="one bank", pe="all"),
        never("a vector of one word is held", simd="all", replay=REPLAYS[2:]),
        never("a vector of several words does not fit one register", simd=("1", "some"), replay="held"),
        refused("constants are whole rows", _WHOLE, weights=CONSTANT, pe=("1", "some")),
        refused("constants are whole columns", _WHOLE, weights=CONSTANT, simd=("1", "some")),
        refused("constants are both", _WHOLE, weights=CONSTANT, constants=IN_MEMORY),
        refused("constants are both", _WHOLE, weights=IN_MEMORY, constants=CONSTANT),
        refused("constants need no count table", _COUNT_TABLES, weights=CONSTANT, count_tables=("some", "all")),
        refused("constants have stages of their own", "no deep pipeline", weights=CONSTANT, deep_pipeline="yes"),
        refused("constants do not change", _FIXED, weights=CONSTANT, weight_sets="several"),
        refused("constants do not change", _FIXED, weights=CONSTANT, loadable="yes"),
        refused(
            "matches are counted, of bipolar elements",
            _COUNT_TABLES,
            element=ELEMENTS[1:],
            count_tables=("some", "all"),
        ),
        refused("matches are counted in threes", _COUNT_TABLES, simd="1", count_tables=("some", "all")),
        refused(
            "iCE40 writes block RAM only", "can write only block RAM", family="ice40", loadable="yes", weights=LOGIC
        ),
        refused(
            "iCE40 writes block RAM only", "can write only block RAM", family="ice40", loadable="yes", constants=LOGIC
        ),
        never("only unrolled layers have stages to choose", weights=IN_MEMORY, levels_per_stage=LEVELS_PER_STAGE),
        never("an unrolled layer has stages", weights=CONSTANT, levels_per_stage="none"),
    ),
)

UNROLLED = Table(
    "unrolled layer",
    {
        **_LAYER,
        "converter": ("wires", "widening"),
        "replay": ("wires", "held"),
        "levels_per_stage": LEVELS_PER_STAGE,
        "lut_inputs": tuple(sorted({str(device.lut_inputs) for device in DEVICES.values()})),
        "others_loadable": ("no", "yes"),
        "pauses": PAUSES,
    },
    (*_LAYER_RULES, never("there is no other layer", position="only", others_loadable="yes")),
)

ENGINE = Table(
    "engine",
    {
        "input": ELEMENTS,
        "lanes": tuple(map(str, LANES)),
        "input_words": ("part of one", "whole", "a part left"),
        "hidden_words": ("no layer", "part of one", "whole", "a part left"),
        "counts": IN_MEMORY,
        "hidden": ("0", "1", "2", "3"),
        "classes": ("1", "2", "more"),
        "score_fraction": ("none", "some"),
        "margin": MARGINS,
        "family": FAMILIES,
        "pauses": PAUSES,
    },
    (
        never(
            "without a hidden layer the scores are of the inputs", hidden="0", hidden_words=("part of one", "whole")
        ),
        never("without a hidden layer the scores are of the inputs", hidden="0", hidden_words="a part left"),
        never("hidden layers give words", hidden=("1", "2", "3"), hidden_words="no layer"),
    ),
)

DESIGN = Table(
    "design",
    {
        "layers": ("folded", "unrolled", "mixed", "engine"),
        "hidden": ("0", "1", "2", "3"),
        "input": ELEMENTS,
        "front": ("none", "logic", "block"),
        "activations": ("none", "BIPOLAR", "others"),
        "classes": ("1", "2", "more"),
        "score_fraction": ("none", "some"),
        "margin": MARGINS,
        "winner": ("ArgMax", "ParallelArgMax"),
        "weight_sets": ("1", "2", "more"),
        "loadable": SHARES,
        "family": FAMILIES,
        "pauses": PAUSES,
    },
    (
        never("there is one layer", hidden="0", layers="mixed"),
        never("there is one layer", hidden="0", loadable="some"),
        never("there is one layer", hidden="0", activations=("BIPOLAR", "others")),
        never("hidden layers give activations", hidden=("1", "2", "3"), activations="none"),
        never("a table of one bit is small", front="block", input=("BIPOLAR", "UINT1")),
        never("unrolled scores come all at once", layers="unrolled", winner="ArgMax"),
        never("other scores come one by one", layers=("folded", "engine"), winner="ParallelArgMax"),
        refused("an engine takes no table", "takes no input table", layers="engine", front=("logic", "block")),
        refused("an engine gives bits", "the engine gives BIPOLAR only", layers="engine", activations="others"),
        refused(
            "an engine's weights are fixed",
            "an engine's weights are fixed",
            layers="engine",
            weight_sets=("2", "more"),
        ),
        never("an engine has no layer of its own", layers="engine", loadable=("some", "all")),
        refused("constants do not change", _FIXED, layers=("unrolled", "mixed"), weight_sets=("2", "more")),
        refused("constants do not change", _FIXED, layers="unrolled", loadable=("some", "all")),
        refused("constants do not change", _FIXED, layers="mixed", loadable="all"),
    ),
)

TABLES = (DESIGN, LAYER, UNROLLED, ENGINE)
