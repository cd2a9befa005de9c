"""Critical paths in the design's own terms, from names as synthesis and nextpnr leave them."""

import pytest

from hw.chip.path import Stretch, in_words, stretches
from hw.tools.nextpnr import CriticalPath, PathStep

LAYERS = ["hidden1", "hidden2", "scores"]


def place(cell):
    (stretch,) = stretches(CriticalPath("clk", (PathStep(cell, 0.0, 1.0),)), LAYERS)
    return stretch.part, stretch.what


@pytest.mark.parametrize(
    ("cell", "part", "what"),
    [
        ("link.accelerator.layer1.weights0.0.6_RAM", "layer 2 (hidden2)", "weight memory"),
        ("sorter.accelerator.layer2.bias.0.0", "layer 3 (scores)", "memory of row constants"),
        ("sorter.accelerator.layer1.sum$40_SB_LUT4_O_1_I1_SB_LUT4_O_LC", "layer 2 (hidden2)", "adder tree"),
        ("sorter.accelerator.layer0.sum$56_CCU2C_S1_2$CCU2_COMB1", "layer 1 (hidden1)", "adder tree"),
        ("sorter.accelerator.layer0.products.partial$9_TRELLIS_FF_Q_3", "layer 1 (hidden1)", "adder tree"),
        ("sorter.accelerator.layer2.kept_TRELLIS_FF_Q_4_DI_CCU2C_S0$CCU2_COMB1", "layer 3 (scores)", "running total"),
        ("sorter.accelerator.layer0.thresholds.passed0_LUT4_Z", "layer 1 (hidden1)", "threshold comparison"),
        ("sorter.accelerator.layer0.valid1_SB_LUT4_I2_LC", "layer 1 (hidden1)", "handshake"),
        (
            "sorter.accelerator.width2.o__valid_SB_LUT4_I3_LC",
            "width converter before layer 3 (scores)",
            "handshake",
        ),
        (
            "link.accelerator.replay1.fill_word_SB_LUT4_I2_LC",
            "vector replay before layer 2 (hidden2)",
            "fill word",
        ),
        ("link.accelerator.buffer0.waits_SB_LUT4_I2_LC", "buffer behind layer 1 (hidden1)", "handshake"),
        ("link.accelerator.argmax.lag_SB_LUT4_O_2_LC", "winner", "comparison of scores"),
        ("link.accelerator.counter.table0.0.0_RAM", "accelerator", "counter table0"),
        ("link.commands._place_SB_DFFESR_Q_1_D_SB_LUT4_O_LC", "host link", "commands"),
        ("receiver.left_SB_DFFESR_Q_LC", "UART", "left"),
        ("error_SB_DFFESR_Q_LC", "top level", "error"),
    ],
)
def test_a_cell_has_a_part_and_a_component(cell, part, what):
    assert place(cell) == (part, what)


def test_neighbours_of_one_thing_are_added_up():
    path = CriticalPath(
        "clk",
        (
            PathStep("sorter.accelerator.layer1.weights0.0.6_RAM", 0.0, 1.25),
            PathStep("sorter.accelerator.layer1.sum$40_SB_LUT4_O_LC", 3.0, 0.5),
            PathStep("$nextpnr_ICESTORM_LC_9", 0.5, 0.25),
            PathStep("sorter.accelerator.layer1.sum$65_SB_LUT4_O_LC", 1.0, 0.25),
            PathStep("sorter.accelerator.argmax.lag_SB_LUT4_O_LC", 2.0, 0.5),
        ),
    )
    way = stretches(path, LAYERS)
    assert way == (
        Stretch("layer 2 (hidden2)", "weight memory", 1.25, 0.0),
        Stretch("layer 2 (hidden2)", "adder tree", 1.0, 4.5),
        Stretch("winner", "comparison of scores", 0.5, 2.0),
    )
    assert in_words(way) == "layer 2 (hidden2): weight memory, adder tree; winner: comparison of scores"
    assert sum(part.logic_ns + part.routing_ns for part in way) == path.logic_ns + path.routing_ns
