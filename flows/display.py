"""How a run shows its progress: bars in a terminal, plain lines in a log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from flows.pipeline import Display, Step


class BarDisplay:
    """A line per step with a spinner, a bar and its time, redrawn in place."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def begin(self, steps: Sequence[Step]) -> None:
        """Give every step its line, waiting."""
        for step in steps:
            self._tasks[step.name] = self._progress.add_task(
                f"[dim]{step.name}", total=1.0, start=False, message="", mark=" "
            )

    def up_to_date(self, step: Step) -> None:
        """Tick the line off."""
        self._update(step, style="dim", completed=1.0, message="[dim]up to date", mark="[green]✓")

    def start(self, step: Step) -> None:
        """Let the line spin."""
        self._progress.start_task(self._tasks[step.name])
        self._update(step, style="bold", message=f"[dim]{escape(step.description)}", mark="")

    def progress(self, step: Step, fraction: float, message: str) -> None:
        """Move the bar."""
        shown = {"message": f"[dim]{escape(message)}"} if message else {}
        self._update(step, style="bold", completed=min(max(fraction, 0.0), 1.0), **shown)

    def finish(self, step: Step, seconds: float) -> None:
        """Tick the line off."""
        self._update(step, style="", completed=1.0, message="", mark="[green]✓")

    def fail(self, step: Step) -> None:
        """Cross the line out."""
        self._update(step, style="red", message="[red]broke off", mark="[red]✗")
        self._progress.stop_task(self._tasks[step.name])

    def _update(self, step: Step, style: str, **fields: Any) -> None:
        name = f"[{style}]{step.name}" if style else step.name
        self._progress.update(self._tasks[step.name], description=name, **fields)


class LineDisplay:
    """A line when a step starts, at every quarter of it, and when it ends."""

    def __init__(self, console: Console):
        self._console = console
        self._quarters = 0

    def begin(self, steps: Sequence[Step]) -> None:
        """Print which steps the run has."""
        self._print(f"{len(steps)} steps: {', '.join(step.name for step in steps)}")

    def up_to_date(self, step: Step) -> None:
        """Print that the step is skipped."""
        self._print(f"{step.name}: up to date")

    def start(self, step: Step) -> None:
        """Print what the step does."""
        self._quarters = 0
        self._print(f"{step.name}: {step.description}")

    def progress(self, step: Step, fraction: float, message: str) -> None:
        """Print every quarter once."""
        quarters = min(int(fraction * 4), 3)
        if quarters > self._quarters:
            self._quarters = quarters
            self._print(f"{step.name}: {25 * quarters} % {message}".rstrip())

    def finish(self, step: Step, seconds: float) -> None:
        """Print how long the step took."""
        self._print(f"{step.name}: done in {seconds:.1f} s")

    def fail(self, step: Step) -> None:
        """Print which step broke off."""
        self._print(f"{step.name}: broke off")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def shown_on(console: Console) -> Iterator[Display]:
    """A display that suits `console`, closed (its cursor restored) at the end."""
    if not console.is_terminal:
        yield LineDisplay(console)
        return
    columns = (
        _MarkColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        _SecondsColumn(),
        TextColumn("{task.fields[message]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield BarDisplay(progress)


@contextmanager
def bar_on(console: Console) -> Iterator[Callable[[float, str], None]]:
    """One bar, which goes when the block ends; what it gives takes the fraction done, and what is being done."""
    columns = (BarColumn(bar_width=24), TextColumn("{task.percentage:3.0f} % {task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda fraction, message: progress.update(
            task, completed=fraction, description=f"[dim]{escape(message)}"
        )


class _MarkColumn(SpinnerColumn):
    """Spins while the step runs; then a mark."""

    def render(self, task: Task) -> RenderableType:
        """The mark where there is one."""
        mark = task.fields["mark"]
        return Text.from_markup(mark) if mark else super().render(task)


class _SecondsColumn(ProgressColumn):
    """Wall time of the step so far, nothing for a step that has not started."""

    def render(self, task: Task) -> Text:
        """Seconds with one decimal."""
        seconds = task.finished_time if task.finished else task.elapsed
        return Text("" if seconds is None else f"{seconds:6.1f} s", style="cyan")
