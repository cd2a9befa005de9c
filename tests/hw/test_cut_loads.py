"""Weight loads that are cut off or get stuck: the old weights stay whole, and the next frame loads."""

from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.accelerator.load import load_frame
from hw.network.types import IntegerFormat
from hw.simulate.streams import Pauses
from tests.hw.networks import random_network, random_schedule, retrained
from tests.hw.traffic import Bench, expected


def small_design(seed):
    """All layers loadable."""
    rng = np.random.default_rng(seed)
    network = random_network(rng, 4, (4, 6), 3, IntegerFormat(3, signed=True))
    schedule = random_schedule(rng, network, "xc7a35t", unrolled_share=0)
    folds = tuple(replace(fold, loadable=True) for fold in schedule.layers)
    return Accelerator(network, replace(schedule, layers=folds))


class Loads:
    """Broken and whole frames for one running design, and the network that it has to answer by."""

    def __init__(self, accelerator, seed):
        self.accelerator, self.network = accelerator, accelerator.network
        self.rng, self.bench = np.random.default_rng(seed), Bench(accelerator, seed, Pauses())

    def run(self, stretch):
        self.bench.run(stretch)

    async def breaks(self, ctx, frames):
        """Frames of which none is whole: nothing is judged, and every answer is of the old weights."""
        count = self.bench.count
        await self.bench.traffic(frames, more=3)(ctx)
        assert self.bench.count == count
        self._all_by((self.network,))

    async def loads(self, ctx, behind=b""):
        """A whole frame, with bytes behind it: it is taken, and the last answers are of the new weights."""
        other, count = retrained(self.rng, self.network, (True,) * 3), self.bench.count
        await self.bench.traffic([load_frame(self.accelerator, other) + behind], more=2)(ctx)
        assert (self.bench.count, self.bench.good) == ((count + 1) % 256, 1)
        self._all_by((self.network, other))
        last = self.bench.spikes.taken[-1]
        assert np.array_equal(self.bench.answers.rows()[-1], expected(other, last.values))
        self.network = other

    async def reset(self, ctx):
        """A reset, behind which the weights are what they were."""
        await self.bench.reset()(ctx)
        await self.bench.traffic(more=2)(ctx)
        self._all_by((self.network,))

    def _all_by(self, networks):
        for spike, answer in zip(self.bench.spikes.taken, self.bench.answers.rows(), strict=True):
            assert any(np.array_equal(answer, expected(network, spike.values)) for network in networks)


def cut_off(seed, every, with_reset):
    """Frames cut off behind every so many bytes; how many there were."""
    loads = Loads(small_design(seed), seed)
    frame = load_frame(loads.accelerator, retrained(loads.rng, loads.network, (True,) * 3))
    cuts = range(1, len(frame), every)

    async def stretch(ctx):
        for cut in cuts:
            await loads.breaks(ctx, [frame[:cut]])
            if with_reset:
                await loads.reset(ctx)
            await loads.loads(ctx)

    loads.run(stretch)
    return len(cuts)


@pytest.mark.verify("injected")
@pytest.mark.parametrize("with_reset", [False, True], ids=["", "with reset"])
def test_a_load_cut_off_in_the_middle(with_reset, record_property):
    """A weight load cut off, with a reset or without: the old weights answer, and the next frame loads."""
    record_property("cuts", cut_off(3, 9, with_reset))


@pytest.mark.slow
@pytest.mark.verify("injected")
@pytest.mark.parametrize("with_reset", [False, True], ids=["", "with reset"])
@pytest.mark.parametrize("seed", [4, 5])
def test_a_load_cut_off_behind_every_byte(seed, with_reset, record_property):
    """A weight load cut off behind every byte: the old weights answer, and the next frame loads."""
    record_property("cuts", cut_off(seed, 1, with_reset))


@pytest.mark.verify("injected")
def test_a_stuck_load_changes_no_answer(record_property):
    """The loading stream stuck on valid, its first mark stuck too or not: old weights answer, then a frame loads."""
    loads = Loads(small_design(6), 6)
    frame = load_frame(loads.accelerator, retrained(loads.rng, loads.network, (True,) * 3))
    bytes_stuck = 2 * len(frame)

    async def stretch(ctx):
        for byte in (0x00, 0x5A, 0xFF):
            await loads.breaks(ctx, [bytes([byte])] * bytes_stuck)  # each begins a frame
            await loads.loads(ctx)
            await loads.breaks(ctx, [frame[:5], *[bytes([byte])] * bytes_stuck])
            await loads.loads(ctx, behind=bytes([byte]) * bytes_stuck)  # no frame goes on behind its end

    loads.run(stretch)
    record_property("bytes_stuck", 9 * bytes_stuck)
