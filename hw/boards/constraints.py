"""What a constraint file says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from hw.errors import BadInput


@dataclass(frozen=True)
class Constraints:
    """Pins, clocks and IO settings by port, of one statement or of a whole file.

    Attributes:
        pins: package pin or ball.
        clocks: frequency in MHz.
        io: settings beside the pin, by the name that the file's format has for them.
    """

    pins: Mapping[str, str] = field(default_factory=dict)
    clocks: Mapping[str, float] = field(default_factory=dict)
    io: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __add__(self, other: "Constraints") -> "Constraints":
        """Both together.

        Raises:
            BadInput: if a port would get a second pin or a second frequency, or a pin a second port.
        """
        for port, pin in other.pins.items():
            if port in self.pins:
                raise BadInput(f"port {port} has pin {self.pins[port]} already")
            if taken := [name for name, used in self.pins.items() if used == pin]:
                raise BadInput(f"pin {pin} is that of port {taken[0]} already")
        if twice := self.clocks.keys() & other.clocks.keys():
            raise BadInput(f"clock {min(twice)} has a frequency already")
        ports = {**self.io, **other.io}
        return Constraints(
            {**self.pins, **other.pins},
            {**self.clocks, **other.clocks},
            {port: {**self.io.get(port, {}), **other.io.get(port, {})} for port in ports},
        )


def positive(text: str, what: str) -> float:
    """A number above 0.

    Raises:
        BadInput: if it is none; the message begins with `what`.
    """
    try:
        value = float(text)
    except ValueError:
        value = inf
    if not 0 < value < inf:
        raise BadInput(f"{what} is {text!r}, not a number above 0")
    return value
