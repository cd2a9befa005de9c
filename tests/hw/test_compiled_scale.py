"""Compiled simulation at the scale that it is for: many spikes, in seconds, and how much faster it is."""

import resource
import time

import numpy as np
import pytest

from hw.accelerator.accelerator import Accelerator
from hw.devices import device_named
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.network.vectors import random_inputs
from hw.schedule.fold import fold
from hw.simulate import amaranth, compiled
from hw.simulate.compare import compare
from tests.hw.graphs import random_graph, write

CLOCKS = 256
N_COMPILED, N_AMARANTH = 10_000, 30


def timed(work):
    """What it gives, wall seconds, and seconds of processor time, those of programs that it starts included."""

    def processor_s():
        usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    wall, processor = time.perf_counter(), processor_s()
    result = work()
    return result, time.perf_counter() - wall, processor_s() - processor


@pytest.mark.slow
@pytest.mark.verify("simulated")
def test_ten_thousand_spikes_in_a_minute(tmp_path, record_property):
    """10,000 spikes through the paper's network on UP5K, bit for bit, 500 times as fast as Amaranth's simulator.

    48 int8 -> 256 -> 256 -> 5 with random weights, folded to 256 clocks an inference.
    """
    path = write(random_graph(np.random.default_rng(1), 48, (256, 256), 5), tmp_path / "network.onnx")
    network, reference = lower(path), Reference.open(path)
    accelerator = Accelerator(network, fold(network, device_named("up5k"), CLOCKS))
    spikes = random_inputs(network.input_format, network.n_inputs, N_COMPILED, seed=1)
    few = spikes[:N_AMARANTH]

    _, compile_s, _ = timed(lambda: compiled.simulate(accelerator, few, cache=tmp_path))
    result, run_s, run_processor_s = timed(lambda: compiled.simulate(accelerator, spikes, cache=tmp_path))
    compared, compare_s, _ = timed(lambda: compare(network, reference, spikes, result))
    slow, _, slow_processor_s = timed(lambda: amaranth.simulate(accelerator, few))
    # Of processor time, which other work on the machine changes least.
    ratio = (N_COMPILED / run_processor_s) / (N_AMARANTH / slow_processor_s)

    record_property("spikes", compared.n)
    record_property("seconds_compile", round(compile_s, 1))
    record_property("seconds_run", round(run_s, 2))
    record_property("seconds_compare", round(compare_s, 2))
    record_property("ratio_to_amaranth", round(ratio))
    assert compared.layer_word_mismatches is not None, "no layer was watched"
    record_property("mismatches", compared.result_mismatches + compared.layer_word_mismatches)
    assert compared.first is None
    assert np.array_equal(slow.classes, result.classes[:N_AMARANTH])
    assert np.array_equal(np.diff(slow.ends), np.diff(result.ends[:N_AMARANTH]))
    assert compile_s < 120
    assert run_s + compare_s < 60
    assert ratio >= 500
