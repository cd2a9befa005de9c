"""What a neuron of the circuit really added up, and what it held that against: seen in Amaranth's simulator."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.accelerator.accelerator import Accelerator
from hw.components.engine.layers import offset_codes
from hw.components.mvtu import MatrixVectorThresholdUnit
from hw.components.probe import SumProbes
from hw.components.unrolled.layer import UnrolledLayer
from hw.diagnosis.difference import Row, RowDifference, first_difference
from hw.diagnosis.outputs import Outputs
from hw.simulate import amaranth
from hw.simulate.streams import Pauses, StreamError, run_stream

UNROLLED = "an unrolled layer forms no accumulator"
NOT_THERE = "Amaranth's simulator does not show it, so nothing more can be seen"


@dataclass(frozen=True)
class _Sum:
    """A row in the circuit's own terms: `total = constant + 2**shift * sum of terms`.

    A term is an integer element times its weight, or 1 for a bipolar one that equals its weight; and what the terms
    give too much is in the constant (`hw.components.rows`). So two rows that should be equal differ in their
    accumulators by as much as in their sums of terms, times the element's step.
    """

    total: int
    constant: int
    levels: tuple[int, ...]
    bits: int


def with_sums(
    difference: RowDifference, accelerator: Accelerator, spikes: NDArray[np.integer], pauses: Pauses
) -> RowDifference:
    """The difference with accumulator and constants as the circuit had them.

    Where they cannot be seen, `unseen_because` says why.

    Args:
        difference: found in a run of these spikes.
        accelerator: what was run.
        spikes: integers `[n, n_inputs]`.
        pauses: of source and sink.
    """
    pipeline = accelerator.pipeline
    if pipeline is not None and isinstance(pipeline.units[difference.layer_index], UnrolledLayer):
        return replace(difference, unseen_because=UNROLLED)
    if not _shows(difference, accelerator, spikes, pauses):
        return replace(difference, unseen_because=NOT_THERE)
    circuit = accelerator.circuit()
    probes = circuit.probes[difference.layer_index]
    assert probes is not None, "all but unrolled layers have them"
    values = [probe for probe in (probes.totals, probes.constants, probes.levels) if probe is not None]
    run = run_stream(
        circuit,
        [word for spike in accelerator.input_format.pack(spikes) for word in spike],
        len(spikes),
        source="spikes",
        sink="units",
        taps=values,
        held=accelerator.held_inputs,
        hold_after=accelerator.words_per_spike,
        pauses=pauses,
        quiet_cap=accelerator.schedule.quiet_cycles,
    )
    seen = _seen(probes, run.tapped, (len(spikes), difference.n_neurons), difference)
    return _told_by(difference, accelerator, seen, _expected(accelerator, spikes, difference))


def _shows(difference: RowDifference, accelerator: Accelerator, spikes: NDArray[np.integer], pauses: Pauses) -> bool:
    """Whether it shows in Amaranth's simulator too."""
    network = accelerator.network
    try:
        seen = amaranth.simulate(accelerator, spikes, pauses=pauses)
    except StreamError:
        return False
    expected = Outputs.of_network(network, spikes)
    return first_difference(network, spikes, expected, Outputs.of_simulation(seen)) == difference


def _seen(probes: SumProbes, tapped: list[list[int]], shape: tuple[int, int], difference: RowDifference) -> _Sum:
    at = difference.spike, difference.neuron
    total, constant = (
        int(probe.format.unpack(words).reshape(shape)[at])
        for probe, words in zip((probes.totals, probes.constants), tapped, strict=False)
    )
    levels = () if probes.levels is None else probes.levels.format.unpack(tapped[2]).reshape(*shape, -1)[at].tolist()
    return _Sum(total, constant, tuple(levels), probes.totals.format.element.bits)


def _expected(accelerator: Accelerator, spikes: NDArray[np.integer], difference: RowDifference) -> _Sum:
    """The row by the specs that the circuit was built from."""
    network, index, row = accelerator.network, difference.layer_index, difference.neuron
    spike = spikes[difference.spike : difference.spike + 1]
    x = network.elements(spike) if index == 0 else network.words(spike)[index - 1]
    if accelerator.engine is not None:
        layer = accelerator.engine.layers[index]
        codes = offset_codes(x, network.format_into(index))
        return _Sum(int(layer.compute(codes)[0, row]), int(layer.bias[row]), (), accelerator.engine.total_bits)
    assert accelerator.pipeline is not None, "what is no engine is a pipeline"
    unit = accelerator.pipeline.units[index]
    assert not isinstance(unit, UnrolledLayer), "an unrolled layer has no probes"
    products = unit.products if isinstance(unit, MatrixVectorThresholdUnit) else unit
    levels = unit.thresholds.levels[row].tolist() if isinstance(unit, MatrixVectorThresholdUnit) else ()
    totals = replace(products, emit_signs=False).compute(x)
    return _Sum(int(totals[0, row]), int(products.row_constants[row]), tuple(levels), products.total_format.bits)


def _told_by(difference: RowDifference, accelerator: Accelerator, seen: _Sum, expected: _Sum) -> RowDifference:
    """From the circuit's terms to the network's: as far from what is expected as in the circuit."""
    network, row = accelerator.network, difference.expected
    assert row.accumulator is not None and row.constants is not None, "of the network both are known"
    element = network.format_into(difference.layer_index)
    step = element.step if difference.rising else -element.step
    # The unit shifts a score's sum; a sum of matches, of which each counts twice, by one bit more.
    scale, shift = (1, network.head.fraction_bits) if difference.is_score else (step, 0)
    moved = seen.constant - expected.constant
    sums = seen.total - expected.total - moved
    reach = network.layers[difference.layer_index].columns * max(-element.minimum, element.maximum)
    wraps = (0, 1 << seen.bits, -1 << seen.bits)  # where the total left its width, the sum did not
    accumulators = [row.accumulator + scale * (sums + wrap >> shift) for wrap in wraps]
    accumulator = next((a for a in accumulators if abs(a) <= reach), accumulators[0])
    if difference.is_score:
        return replace(difference, seen=Row(difference.seen.output, accumulator, (row.constants[0] + moved,)))
    levels = (0, *(ours - theirs for ours, theirs in zip(seen.levels, expected.levels, strict=True)))
    constants = tuple(t + step * (level - moved) for t, level in zip(row.constants, levels, strict=True))
    return replace(difference, seen=Row(difference.seen.output, accumulator, constants))
