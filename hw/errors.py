"""What a user's mistake raises on the gateware side."""


class BadInput(ValueError):
    """Input that cannot be used; the message is one line: what, where, and what would be right."""


class UnsupportedGraph(BadInput):
    """A graph with a node that cannot be mapped exactly; the message names the node and its type."""


class DoesNotFit(BadInput):
    """A device or target that no schedule meets; the message says what could be met."""
