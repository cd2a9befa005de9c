"""Commands for a board: its bitstream, its loader, and spikes sent to it."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows import options
from flows.commands.session import RUNS, Session, build_design, holds_a_network, run_in
from flows.display import bar_on
from flows.options.taking import taking
from flows.options.texts import number_or_all
from flows.report.terminal import show_table
from flows.settings import Settings
from flows.settings.board import ChipSettings
from flows.settings.check import CheckSettings
from flows.settings.folding import FoldingSettings
from flows.settings.hardware import HardwareSettings
from flows.settings.sending import SendSettings
from hw.boards.board import board_named


@taking(chip=options.board.chip, folding=options.folding.folding)
def bitstream(
    *,
    context: typer.Context,
    model: options.inputs.Model = None,
    chip: ChipSettings,
    folding: FoldingSettings,
    unsorted_margin: options.hardware.UnsortedMargin = None,
    unsorted_register: options.hardware.UnsortedRegister = False,
    random_inputs: options.check.RandomInputs = CheckSettings.random_inputs,
    out: options.run.OutOfBoard = None,
    first: options.run.From = None,
    last: options.run.To = None,
    force: options.run.Force = False,
) -> None:
    """Put the sorter on a board: host link, placement, timing, a bitstream. Trains a network if there is none."""
    board = board_named(chip.board)
    clock_mhz = board.clock_mhz if chip.clock_mhz is None else chip.clock_mhz
    if folding.schedule is None and folding.deep_pipeline is None:
        folding = replace(folding, deep_pipeline=True)
    hardware = HardwareSettings(
        board.device.name, clock_mhz, unsorted_margin=unsorted_margin, unsorted_register=unsorted_register
    )
    check = CheckSettings(random_inputs=random_inputs)
    settings = Settings(model=model, hardware=hardware, folding=folding, check=check, chip=chip)
    session: Session = context.obj
    out = out or RUNS / ("train" if model is None else "bitstream")
    if model is None and not holds_a_network(out):
        run_in(session, "bitstream", settings, out, first, last, force)
    else:
        build_design(session, "bitstream", settings, out, first, last, force)
    if last is None:
        session.console.print(Text(session.bench.what_became(out)), soft_wrap=True)


def program(
    context: typer.Context,
    out: options.run.OutToProgram = None,
    run: options.board.RunLoader = False,
) -> None:
    """Tell the command that loads a run's bitstream onto its board, or run it."""
    session: Session = context.obj
    session.console.print(Text(session.bench.load_onto_board(out or RUNS / "train", run)), soft_wrap=True)


def send(
    context: typer.Context,
    run: Annotated[
        Path, typer.Argument(help="Folder of the run that built the gateware.", metavar="RUN", show_default=False)
    ],
    port: options.sending.Port,
    baud: options.sending.Baud = None,
    spikes: options.sending.SpikesToSend = str(SendSettings.spikes),
    timeout_s: options.sending.TimeoutS = SendSettings.timeout_s,
    load: options.sending.LoadedModel = None,
    weight_set: options.sending.WeightSet = SendSettings.weight_set,
    any_design: options.sending.AnyDesign = False,
    seed: options.run.Seed = 0,
) -> None:
    """Send a run's spikes to a board that is plugged in; exits with 1 if an answer is not the integer network's."""
    session: Session = context.obj
    settings = SendSettings(
        port, baud, number_or_all("--spikes", spikes), timeout_s, load, weight_set, any_design, seed
    )
    with bar_on(session.console) as progress:
        sent = session.bench.send_spikes(run, settings, progress)
    session.console.print(Text(sent.line), soft_wrap=True)
    show_table(sent.table, session.console)
    if sent.mismatches:
        raise typer.Exit(1)
