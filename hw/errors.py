"""What the gateware side raises that is no bug of its own: a user's mistake, and what was run in vain."""


class NoResult(RuntimeError):
    """What was run came to no end that can be used, a tool or a simulation; the message is one line."""


class BadInput(ValueError):
    """Input that cannot be used; the message is one line: what, where, and what would be right."""


class UnsupportedGraph(BadInput):
    """A graph with a node that cannot be mapped exactly; the message names the node and its type."""


class DoesNotFit(BadInput):
    """A device or target that no schedule meets; the message says what could be met."""
