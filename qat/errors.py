"""What a user's mistake raises on the training side."""


class BadInput(ValueError):
    """Input that cannot be used; the message is one line: what, where, and what would be right."""
