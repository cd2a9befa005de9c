"""Paths without a register on them."""

from pathlib import Path

from hw.tools.yosys import run_yosys

# Behind a register or a memory's output a path begins anew.
_SCRIPT = """
read_rtlil part.il
prep -flatten -top top
select -assert-count 1 i:{start}
delete t:$*dff* t:$mem*
tee -q -o reached.txt select -list i:{start} %co* {ends} %i
"""


def reached_at_once(text: str, start: str, ends: tuple[str, ...], folder: Path) -> set[str]:
    """Which outputs of a component a change of an input reaches in the same clock.

    Args:
        text: RTLIL, the component called `top`.
        start: the input.
        ends: outputs, by name or pattern.
        folder: working folder, which exists.
    """
    (folder / "part.il").write_text(text)
    outputs = " ".join(f"o:{end}" for end in ends) + " %u" * (len(ends) - 1)
    run_yosys(_SCRIPT.format(start=start, ends=outputs).replace("\n", "; ").strip("; "), folder)
    return {line.rpartition("/")[2] for line in (folder / "reached.txt").read_text().split()}
