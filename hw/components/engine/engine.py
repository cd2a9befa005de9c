"""The engine's spec: what it stores, what it computes, and in how many clocks."""

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

import numpy as np
from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import ReadPort
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from hw.components.argmax import ArgMax
from hw.components.engine.activations import ActivationMemory
from hw.components.engine.counting import BitCounter
from hw.components.engine.layers import EngineLayer, offset_codes
from hw.components.engine.program import Step, loading_steps, row_steps, step_layout
from hw.components.engine.weights import bank_depths, weight_banks
from hw.components.probe import Probe, SumProbes
from hw.components.rom import Rom, Storage
from hw.components.words import WordFormat
from hw.devices import EBR, BlockRam
from hw.errors import BadInput
from hw.network.types import BIPOLAR, IntegerFormat, Network


@dataclass(frozen=True)
class EngineColumns:
    """Columns of an engine's memories that are not the same in all words.

    Attributes:
        weights: of each memory of weights.
        rows: of the row constants.
        program: of the program.
    """

    weights: tuple[int, ...]
    rows: int
    program: int


@dataclass(frozen=True, eq=False)
class Engine:
    """All layers of a network on one datapath, one row after another, `lanes` columns a clock.

    Every clock XNORs a word of weights with a word of activation bits and adds the number of matches to one
    accumulator. Integer inputs are kept bit by bit, one region of the activation memory for each bit, and their layer
    runs bit by bit, doubling the accumulator between. A row ends with its constant added: the sign is a hidden row's
    bit, which goes back to the activation memory; the head's totals are scores, of which the greatest is kept.

    A program of one word a step says what each clock does; while input is loaded, a row of the program takes one
    element. The stream `spikes` takes one element a word, the first first; `units` gives a result for each window.

    Initiation interval `cycles` clocks, latency `latency_clocks`, if source and sink never wait. Gives and takes
    backpressure: the machine stands still, all registers and memory outputs held, while it waits for an element, or
    would load the first element while the last result has not been taken. `idle` tells the wait for an element with
    nothing left to give: until `spikes.valid` rises the clock may be stopped.

    Args:
        network: what is computed.
        lanes: columns a clock; a power of two from 8.
        block_ram: the device's block memory, whose shapes decide how the weights are split.
        count_storage: population counts from tables in block memory, or from adders.
        margin_port: whether the margin of 'unsorted' is an input.

    Raises:
        BadInput: if the network has an input table, or a hidden layer gives more than bits.
        ValueError: if the lanes are none that the activation memory has.
    """

    network: Network
    lanes: int = 16
    block_ram: BlockRam = EBR
    count_storage: Storage = Storage.BLOCK
    margin_port: bool = False

    def __post_init__(self) -> None:
        ActivationMemory(self.lanes, 1)  # which has its say about the lanes
        if self.network.front is not None:
            raise BadInput("the engine takes no input table; a pipeline does")
        for layer in self.network.hidden:
            if layer.output != BIPOLAR:
                raise BadInput(
                    f"layer {layer.name}: outputs of {layer.output.name}; the engine gives BIPOLAR only, a pipeline "
                    "gives others too"
                )

    @cached_property
    def layers(self) -> tuple[EngineLayer, ...]:
        """The sums of every layer, the head last."""
        network = self.network
        return tuple(
            EngineLayer.of_layer(layer, network.format_into(index)) for index, layer in enumerate(network.layers)
        )

    @property
    def input_format(self) -> WordFormat:
        """Words of the spike stream: one element."""
        return WordFormat(self.network.input_format, 1)

    @property
    def words_per_spike(self) -> int:
        """Words of one spike window."""
        return self.network.n_inputs

    @cached_property
    def total_bits(self) -> int:
        """Bits of a row's total, wide enough for every row of every layer."""
        least = min(int(layer.bias.min()) for layer in self.layers)
        most = max(int(layer.bias.max()) + layer.greatest_sum for layer in self.layers)
        return max((~least).bit_length(), most.bit_length(), 1) + 1

    @cached_property
    def sum_bits(self) -> int:
        """Bits of the accumulator."""
        return max(layer.greatest_sum for layer in self.layers).bit_length()

    @property
    def score_format(self) -> IntegerFormat:
        """The narrowest signed format for every score that can occur."""
        head = self.layers[-1]
        least, most = int(head.bias.min()), int(head.bias.max()) + head.greatest_sum
        return IntegerFormat(max((~least).bit_length(), most.bit_length(), 1) + 1, signed=True)

    @property
    def argmax(self) -> ArgMax:
        """The winner's spec."""
        return ArgMax(self.layers[-1].rows, self.score_format, self.network.margin, self.margin_port)

    @property
    def result_layout(self) -> data.StructLayout:
        """Members of a result: `unit` in the low bits, `score` above."""
        return self.argmax.result_layout

    @property
    def margin_bits(self) -> int:
        """Width of the input `margin`; 0 where there is none."""
        return self.score_format.bits if self.margin_port else 0

    @property
    def outputs(self) -> tuple[tuple[WordFormat, int], ...]:
        """For every layer the words of its output stream, and how many of them a spike takes: one a row."""
        return tuple(
            (WordFormat(self.score_format if layer.is_head else BIPOLAR, 1), layer.rows) for layer in self.layers
        )

    @property
    def row_bits(self) -> int:
        """Bits of a row's number, and of an activation's within its region."""
        longest = max(self.network.n_inputs, *(layer.rows for layer in self.layers), self.lanes)
        return (longest - 1).bit_length()

    @property
    def n_regions(self) -> int:
        """Regions of the activation memory: one for each bit of an input, one for each hidden layer."""
        return self.network.input_format.bits + len(self.network.hidden)

    @cached_property
    def activations(self) -> ActivationMemory:
        """The activation memory; regions of equal size."""
        return ActivationMemory(self.lanes, self.n_regions * ((1 << self.row_bits) // self.lanes))

    @property
    def counter(self) -> BitCounter:
        """The population count of a word."""
        return BitCounter(self.lanes, self.count_storage)

    @cached_property
    def program(self) -> tuple[tuple[Step, ...], ...]:
        """Steps of one row: of loading, then of each layer."""
        planes = self.network.input_format.bits
        rows = [loading_steps(planes)]
        for index, layer in enumerate(self.layers):
            region = 0 if index == 0 else planes + index - 1
            target = 0 if layer.is_head else planes + index
            rows.append(row_steps(layer, self.lanes, region, target))
        return tuple(tuple(steps) for steps in rows)

    @property
    def rows(self) -> tuple[int, ...]:
        """How often each row of the program runs."""
        return (self.network.n_inputs, *(layer.rows for layer in self.layers))

    @property
    def cycles(self) -> int:
        """Clocks from one inference to the next."""
        return sum(n * len(steps) for n, steps in zip(self.rows, self.program, strict=True))

    @property
    def latency_clocks(self) -> int:
        """From the first element taken to the result.

        An element is taken with the last step of its row of the program; the result follows a clock after the last
        step of all.
        """
        return self.cycles - len(self.program[0]) + 1

    @property
    def step_bits(self) -> int:
        """Bits of the step's number within a row of the program."""
        return (max(len(steps) for steps in self.program) - 1).bit_length()

    @property
    def phase_bits(self) -> int:
        """Bits of the number of a row of the program: 0 loads, layer `i` is `i + 1`."""
        return (len(self.program) - 1).bit_length()

    @property
    def step_layout(self) -> data.StructLayout:
        """A word of the program memory."""
        word_bits = self.row_bits - self.activations.lane_bits
        return step_layout((self.n_regions - 1).bit_length(), word_bits)

    @property
    def program_depth(self) -> int:
        """Words of the program memory."""
        return len(self.program) << self.step_bits

    @cached_property
    def program_rom(self) -> Rom:
        """The program: the phase in the address's high bits, the step in the low ones."""
        layout, depth = self.step_layout, 1 << self.step_bits
        words = [0] * self.program_depth
        for phase, steps in enumerate(self.program):
            for index, step in enumerate(steps):
                words[phase * depth + index] = layout.const(vars(step)).as_bits()
        return Rom(words, layout.size, Storage.BLOCK)

    @cached_property
    def _packed_weights(self) -> NDArray[np.uint8]:
        """The weights in the order in which the engine reads them, as bytes `[words, lanes / 8]`."""
        return np.concatenate([layer.packed_words(self.lanes) for layer in self.layers])

    @property
    def weight_depths(self) -> tuple[int, ...]:
        """Words of each of the memories that hold the weights."""
        return bank_depths(len(self._packed_weights), self.lanes, self.block_ram)

    @cached_property
    def weight_roms(self) -> tuple[Rom, ...]:
        """The weights in the order in which the engine reads them."""
        words = [word for layer in self.layers for word in layer.words(self.lanes)]
        return weight_banks(words, self.lanes, self.block_ram)

    @property
    def rewind_words(self) -> int:
        """How far the weights go back for the next bit of the inputs."""
        return -(-self.network.n_inputs // self.lanes) - 1

    @property
    def row_depth(self) -> int:
        """Words of the memory of row constants."""
        return (1 << self.row_bits) * (len(self.rows) - 1) + self.rows[-1]

    @property
    def varying_columns(self) -> EngineColumns:
        """Columns of the memories that are not constant: synthesis keeps the others out of them."""
        starts = np.cumsum((0, *self.weight_depths[:-1]))
        ones = np.bitwise_or.reduceat(self._packed_weights, starts)
        both = ones & ~np.bitwise_and.reduceat(self._packed_weights, starts)
        # Rows of loading have the constant 0, and all rows but the last of a phase are not the last.
        constants = [int(np.bitwise_or.reduce(layer.bias)) for layer in self.layers]
        rows = (reduce(or_, constants) & ((1 << self.total_bits) - 1)).bit_count() + 1
        return EngineColumns(tuple(np.bitwise_count(both).sum(axis=1).tolist()), rows, self._program_columns)

    @property
    def _program_columns(self) -> int:
        steps = [step for steps in self.program for step in steps]
        fields = np.array([list(vars(step).values()) for step in steps])
        is_full = len(steps) == self.program_depth
        always = np.bitwise_and.reduce(fields) if is_full else 0
        return int(np.bitwise_count(np.bitwise_or.reduce(fields) & ~always).sum())

    @cached_property
    def row_rom(self) -> Rom:
        """Each row's constant and above it whether it is its phase's last; the phase in the high address bits."""
        depth, mask = 1 << self.row_bits, (1 << self.total_bits) - 1
        words = [0] * self.row_depth
        for phase, n_rows in enumerate(self.rows):
            if phase:
                bias = self.layers[phase - 1].bias
                words[phase * depth : phase * depth + n_rows] = [int(constant) & mask for constant in bias]
            words[phase * depth + n_rows - 1] |= mask + 1
        return Rom(words, self.total_bits + 1, Storage.BLOCK)

    def totals(self, spikes: NDArray[np.integer]) -> list[NDArray[np.int64]]:
        """Totals of every layer, each `[n, rows]`, of spike windows `[n, n_inputs]`."""
        codes = offset_codes(spikes, self.network.input_format)
        totals = []
        for layer in self.layers:
            totals.append(layer.compute(codes))
            codes = (totals[-1] >= 0).astype(np.int64)
        return totals

    def compute(self, spikes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Units `[n]` of spike windows `[n, n_inputs]`, through the very sums that the circuit forms.

        Unsorted ones are the number of units; a margin that is an input is taken to be the network's.
        """
        return self.argmax.compute(self.totals(spikes)[-1])

    def circuit(self) -> "EngineCircuit":
        """The Amaranth component, with streams `spikes` and `units`."""
        return EngineCircuit(self)


class RowWatch(wiring.Component):
    """The rows that a layer gave, a clock later, as a stream that nobody but a simulation looks at.

    Synthesis drops its registers, which nobody reads; without them there would be no module to look into, as
    emission leaves out those that are wires alone.
    """

    def __init__(self, shape: Shape):
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
        return m


class EngineCircuit(wiring.Component):
    """Circuit of an `Engine`: stream `spikes` of input elements, stream `units` of results, and `idle`.

    Five stages that move together, or stand together while `go` is low:

    0. the number of the step;
    1. the step, as the program has it, and the number of its weight word;
    2. its words of weights and activations;
    3. the count of their matches;
    4. the accumulator, complete in the last step of a row. Here the row's constant is added, bits are written, input
       is taken and the winner is kept.

    With a margin that is an input there is `margin`, unsigned. `outputs` holds a stream of every layer's rows, so
    that a simulation can watch them: a bit, or the head's score. `probes` shows it what every layer's rows add up.
    """

    def __init__(self, spec: Engine):
        self.spec = spec
        self._total = Signal(signed(spec.total_bits), name="total")
        self._constant = Signal(signed(spec.total_bits), name="constant")
        self.watches = [RowWatch(unsigned(words.bits)) for words, _ in spec.outputs]
        self.outputs = [watch.o for watch in self.watches]
        margin = {"margin": In(spec.margin_bits)} if spec.margin_bits else {}
        super().__init__(
            {
                "spikes": In(stream.Signature(unsigned(spec.input_format.bits))),
                "units": Out(stream.Signature(spec.result_layout)),
                "idle": Out(1),
                **margin,
            }
        )

    @property
    def probes(self) -> tuple[SumProbes, ...]:
        """Totals and constants of every layer's rows, for a simulation."""
        word = WordFormat(IntegerFormat(self.spec.total_bits, signed=True), 1)
        total, constant = Cat(self._total), Cat(self._constant)  # without a sign, as words of a stream are
        rows = [watch.i.valid for watch in self.watches]
        return tuple(SumProbes(Probe(row, total, word), Probe(row, constant, word)) for row in rows)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        go, no_row_follows = Signal(), Signal()
        step, is_step, phase = self._fetch(m, go, no_row_follows)
        m.submodules.activations = activations = spec.activations.circuit()
        m.d.comb += [activations.read_address.eq(Cat(step.word, step.region)), activations.read_enable.eq(go)]
        weights = self._fetch_weights(m, go, step)
        sums = self._accumulate(m, go, step, ~(weights ^ activations.word))

        names = ("load", "write", "last", "score")
        load, write, last, score = (_delayed(m, go, name, step[name] & is_step, 3, resets=True) for name in names)
        target = _delayed(m, go, "target", step.target, 3)
        phase = _delayed(m, go, "phase", phase, 4)

        row = Signal(spec.row_bits)
        with m.If(go & last):
            m.d.sync += row.eq(Mux(no_row_follows, 0, row + 1))
        constants = _port(m, "rows", spec.row_rom, Cat(row, phase), go)
        total = self._total
        m.d.comb += [
            no_row_follows.eq(constants[-1]),
            self._constant.eq(constants[:-1]),
            total.eq(sums + self._constant),
        ]

        m.d.comb += [
            activations.write_address.eq(Cat(row, target)),
            activations.write_bit.eq(Mux(load, self._input_bit(m, target), ~total[-1])),
            activations.write_enable.eq(go & write),
        ]
        m.submodules.winner = winner = spec.argmax.circuit()
        wiring.connect(m, winner.o, wiring.flipped(self.units))
        if spec.margin_bits:
            m.d.comb += winner.margin.eq(self.margin)
        free = ~self.units.valid | self.units.ready
        m.d.comb += [
            # No score comes before the last result is taken, since loading waits for that.
            winner.i.valid.eq(go & score),
            winner.i.payload.eq(total),
            go.eq(~load | (self.spikes.valid & free)),
            self.spikes.ready.eq(load & last & free),
            self.idle.eq(load & ~self.spikes.valid & ~self.units.valid),
        ]
        self._watch(m, go & last, phase, total)
        return m

    def _fetch(self, m: Module, go: Value, no_row_follows: Value) -> tuple[data.View, Value, Value]:
        """Stages 0 and 1: the step as the program has it, if it is one, and the phase of the step fetched next."""
        spec = self.spec
        number, phase = Signal(spec.step_bits), Signal(range(len(spec.program)))
        # What was fetched in the clock of a reset, or never, is no step.
        is_step = Signal()
        step = data.View(spec.step_layout, _port(m, "program", spec.program_rom, Cat(number, phase), go))
        with m.If(go):
            m.d.sync += [is_step.eq(1), number.eq(Mux(step.turn, 0, number + 1))]
            with m.If(is_step & step.turn & no_row_follows):
                m.d.sync += phase.eq(Mux(phase == len(spec.program) - 1, 0, phase + 1))
        return step, is_step, phase

    def _fetch_weights(self, m: Module, go: Value, step: data.View) -> Value:
        """Stages 1 and 2: the word of weights that belongs to the step before."""
        roms = self.spec.weight_roms
        address = Signal(range(sum(len(rom.rows) for rom in roms)), reset_less=True)
        with m.If(go & step.load):
            m.d.sync += address.eq(0)
        with m.Elif(go & step.count):
            m.d.sync += address.eq(address + Mux(step.rewind, -self.spec.rewind_words, 1))
        weights = Signal(self.spec.lanes)
        chosen, start = None, 0
        for index, rom in enumerate(roms):
            word = _port(m, f"weights{index}", rom, address[: (len(rom.rows) - 1).bit_length()], go)
            if chosen is None:
                chosen = word
            else:
                from_here = _delayed(m, go, f"from_bank{index}", address >= start, 1)
                chosen = Mux(from_here, word, chosen)
            start += len(rom.rows)
        m.d.comb += weights.eq(chosen)
        return weights

    def _accumulate(self, m: Module, go: Value, step: data.View, matches: Value) -> Value:
        """Stages 2 to 4: the sum of the matches of a row."""
        m.submodules.counter = counter = self.spec.counter.circuit()
        m.d.comb += [
            counter.word.eq(matches),
            counter.count.eq(_delayed(m, go, "count", step.count, 1)),
            counter.enable.eq(go),
        ]
        clear, double = (_delayed(m, go, name, step[name], 2) for name in ("clear", "double"))
        sums = Signal(self.spec.sum_bits, reset_less=True)
        with m.If(go):
            m.d.sync += sums.eq(Mux(clear, 0, Mux(double, sums << 1, sums)) + counter.total)
        return sums

    def _input_bit(self, m: Module, plane: Value) -> Value:
        """One bit of the input element in offset binary."""
        element = self.spec.input_format.element
        is_twos_complement = element.signed and not element.bipolar
        code = Signal(element.bits)
        m.d.comb += code.eq(self.spikes.payload ^ (-element.minimum if is_twos_complement else 0))
        return code.bit_select(plane[: (element.bits - 1).bit_length()], 1)

    def _watch(self, m: Module, passes: Value, phase: Value, total: Value) -> None:
        for index, watch in enumerate(self.watches):
            m.submodules[f"layer{index}"] = watch
            is_head = self.spec.layers[index].is_head
            m.d.comb += [
                watch.i.valid.eq(passes & (phase == index + 1)),
                watch.i.payload.eq(total if is_head else ~total[-1]),
                watch.o.ready.eq(1),
            ]


def _port(m: Module, name: str, rom: Rom, address: Value, enable: Value) -> Value:
    """A word of a memory, one clock after its address."""
    m.submodules[name] = memory = rom.memory()
    port: ReadPort = memory.read_port()
    m.d.comb += [port.addr.eq(address), port.en.eq(enable)]
    return port.data


def _delayed(m: Module, enable: Value, name: str, value: Value, clocks: int, resets: bool = False) -> Value:
    """The value of `clocks` enabled clocks ago; a reset clears it only if asked to."""
    for clock in range(clocks):
        register = Signal.like(value, name=f"{name}_{clock + 1}", reset_less=not resets)
        with m.If(enable):
            m.d.sync += register.eq(value)
        value = register
    return value
