"""The command line: `spikeloom`."""

from collections.abc import Callable
from importlib import metadata
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from flows import steps as step_library
from flows.commands import boards, pieces, runs, study
from flows.commands.session import Session, told_to
from flows.errors import NotEqualError, one_line, user_message
from flows.runfolder import PROGRAM
from flows.settings import Settings
from flows.steps import Kind
from hw.errors import NoResult

# Typer has classes of its own for what click raised before it; this one it shows.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def _misused(error: Any) -> typer.Exit:
    """What ends a command whose options cannot be read, with one line on stderr."""
    where = "" if error.ctx is None else error.ctx.command_path
    typer.echo(f"error: {one_line(error.format_message())} ({where} --help lists the options)", err=True)
    return typer.Exit(2)


class OneLineErrors(TyperGroup):
    """Ends a user's mistake with one line on stderr; a bug of the program keeps its traceback."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read what stands before the command; without arguments the help is shown."""
        asks_for_help = not args  # reading takes them out of the list
        try:
            return super().make_context(info_name, args, parent, **extra)
        except _UsageError as error:
            if asks_for_help:
                raise
            raise _misused(error) from None

    def invoke(self, ctx: Any) -> Any:
        """Read the command's own options, and run it."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            raise _misused(error) from None
        except KeyboardInterrupt:
            typer.echo("interrupted: finished steps are kept, run again to go on", err=True)
            raise typer.Exit(130) from None
        except (ValueError, OSError, ImportError, NotEqualError, NoResult) as error:
            message = user_message(error)
            if message is None:
                raise
            typer.echo(f"error: {message}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=OneLineErrors,
    name=PROGRAM,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_LOG_WIDTH = 120


def main() -> None:
    """Entry point of the `spikeloom` command."""
    console = Console()
    # A log has no width of its own; tables want more than the 80 columns that would be assumed.
    app(obj=Session(console if console.is_terminal else Console(width=_LOG_WIDTH), step_library))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {metadata.version(PROGRAM)}")
        raise typer.Exit


@app.callback(epilog="Start with [bold]spikeloom demo[/]: it needs no data, no vendor tool and no network.")
def _session(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From extracellular recordings to a 1-bit spike sorter in gateware, bit for bit.

    Results land in one run folder. Steps that are up to date are skipped;
    [bold]--from[/] and [bold]--to[/] choose steps.
    """


def steps(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="Command whose steps are listed.")] = "demo",
) -> None:
    """List the steps, for --from and --to."""
    table = Table("Step", "What it does", "Reads", box=None, pad_edge=False, header_style="cyan")
    for step in context.obj.bench.build(Settings(), kind):
        table.add_row(Text(step.name, style="bold"), Text(step.description), Text(", ".join(step.needs)))
    context.obj.console.print(table)


def warm(context: typer.Context) -> None:
    """Run every outside tool once: the first start of the synthesis tool takes a minute or more."""
    session: Session = context.obj
    with session.console.status("warming the tools") as status:
        versions = session.bench.warm(told_to(status.update))
    for tool, version in versions.items():
        session.console.print(Text(f"{tool} {version}"))


_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Everyday": (
        runs.demo,
        runs.train,
        runs.hw,
        runs.sim,
        boards.bitstream,
        boards.program,
        runs.explore,
        runs.power,
        runs.faults,
        runs.report,
        study.study,
    ),
    "Parts": (pieces.simulate, pieces.sort, pieces.finn, pieces.frame, pieces.replay, boards.send, steps),
    "Around it": (warm,),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
