"""A case of a difference, run again."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.casefile import read_case
from flows.errors import BadInput
from flows.report.figures import UNKNOWN
from flows.report.replayed import Replayed
from flows.report.table import Cell, Column, Table
from flows.settings.check import DesignEngine
from flows.steps.simulators import simulate
from flows.steps.writing import check_new_file
from hw.diagnosis.diagnose import replay
from hw.diagnosis.difference import Difference, Row, RowDifference, WinnerDifference
from hw.diagnosis.lowering import LoweringCase, difference_from_graph
from hw.network.lower import lower
from hw.network.reference import Reference
from hw.simulate.streams import StreamError


def replay_case(path: Path, engine: DesignEngine | None, vcd: Path | None) -> Replayed:
    """Run the case that a file holds.

    Args:
        path: of the case.
        engine: what simulates; None takes the simulator that showed the difference.
        vcd: file to write waveforms to.

    Raises:
        BadInput: if the file is no case, the waveforms' file is there already, or a simulator or waveforms are asked
            for where nothing is simulated.
    """
    stored = read_case(path)
    case, n = stored.case, len(stored.case.spikes)
    told = f"{path}, written by {stored.version}: {n} spike{'s' * (n > 1)}"
    if isinstance(case, LoweringCase):
        if engine is not None or vcd is not None:
            raise BadInput(
                f"{path} is between network and graph, and simulates nothing: leave --engine and --vcd out"
            )
        return _replayed(f"{told}, network against graph", case.difference, _difference_from_graph(case))
    if vcd is not None:
        check_new_file(vcd)
    chosen = engine or stored.engine or "amaranth"
    told = f"{told}, gateware in {chosen.capitalize()}'s simulation against network"
    try:
        found = replay(case, partial(simulate, chosen, case.accelerator, vcd=vcd))
    except StreamError as error:
        return Replayed(f"{told}: differs, no answers came out: {error}", differs=True)
    return _replayed(told, case.difference, found)


def _difference_from_graph(case: LoweringCase) -> Difference | None:
    """Lowers the case's graph anew and holds it against itself."""
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        model.write_bytes(case.model)
        network, reference = lower(model, margin=case.margin), Reference.open(model)
    return difference_from_graph(network, reference, case.spikes, reference.run(case.spikes))


def _replayed(told: str, recorded: Difference, found: Difference | None) -> Replayed:
    if found is None:
        return Replayed(f"{told}: equal now; when it was written: {recorded.line}", differs=False)
    known = "as when it was written" if found == recorded else f"but otherwise when it was written: {recorded.line}"
    return Replayed(f"{told}: differs, {known}", differs=True, table=difference_table(found))


def difference_table(difference: Difference) -> Table:
    """A row for what was expected, and one for what was seen."""
    return _row_table(difference) if isinstance(difference, RowDifference) else _winner_table(difference)


def _row_table(difference: RowDifference) -> Table:
    rest = f"{difference.n_different} of {difference.n_neurons} neurons differ there"
    text = f"{rest}; {difference.unseen_because}" if difference.unseen_because else rest
    names = ("Spike", "Layer", "Neuron", "", "Output", "Accumulator", difference.held.capitalize())
    where = (str(difference.spike), difference.layer, str(difference.neuron))
    return _table(text, names, where, _of_row(difference.expected), _of_row(difference.seen))


def _of_row(row: Row) -> tuple[str, ...]:
    accumulator = UNKNOWN if row.accumulator is None else str(row.accumulator)
    return str(row.output), accumulator, UNKNOWN if row.constants is None else " ".join(map(str, row.constants))


def _winner_table(difference: WinnerDifference) -> Table:
    text = f"scores {' '.join(map(str, difference.scores))} are right; margin of 'unsorted': {difference.margin}"
    expected, seen = ((difference.name_of(w), str(w.score)) for w in (difference.expected, difference.seen))
    return _table(text, ("Spike", "Layer", "", "Answer", "Score"), (str(difference.spike), "winner"), expected, seen)


def _table(
    text: str, names: tuple[str, ...], where: tuple[str, ...], expected: tuple[str, ...], seen: tuple[str, ...]
) -> Table:
    places = tuple(map(Cell, where))
    rows = (
        (*places, Cell("expected"), *(Cell(value, "good") for value in expected)),
        (*places, Cell("seen"), *(Cell(value, "bad") for value in seen)),
    )
    return Table("First difference", text, tuple(map(Column, names)), rows)
