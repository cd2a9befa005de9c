"""A whole chip simulated through its pins: levels in, levels out, and the bytes that they make."""
