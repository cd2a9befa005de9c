"""What a choice is held to, with one line for the user where it is not met."""

from flows.errors import BadInput

MOST_INPUTS = 10_000_000
"""Spikes or random inputs: more than the spikes of a day."""
MOST_SEED = 2**32 - 1
"""What every generator of random numbers in use takes."""


def require(holds: bool, option: str, value: object, wanted: str) -> None:
    """Raise BadInput that names the option, its value and what is wanted, unless that holds."""
    if not holds:
        raise BadInput(f"{option} {value}: {wanted} is wanted")


def is_seed(value: int) -> bool:
    """Whether every generator of random numbers takes it."""
    return 0 <= value <= MOST_SEED


def require_seed(seed: int) -> None:
    """Raise BadInput for a `--seed` that is none."""
    require(is_seed(seed), "--seed", seed, f"a whole number from 0 to {MOST_SEED}")


def joined(numbers: tuple[int, ...]) -> str:
    """Numbers as a user types them: `0,1,2`."""
    return ",".join(map(str, numbers))
