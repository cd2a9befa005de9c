"""Options of the command line, each described once, in a file for each subject.

A command names an option by its subject, such as `options.folding.Cycles`; the settings that a subject's options make
are in the file of the same name in `flows.settings`.
"""

from flows.options import (
    board,
    check,
    demand,
    folding,
    hardware,
    inputs,
    replaying,
    run,
    sending,
    simulated_recording,
    spikes,
    spiketrains,
    training,
    upsets,
)

__all__ = [
    "board",
    "check",
    "demand",
    "folding",
    "hardware",
    "inputs",
    "replaying",
    "run",
    "sending",
    "simulated_recording",
    "spikes",
    "spiketrains",
    "training",
    "upsets",
]
