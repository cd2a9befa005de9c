"""Layers whose weights are constants: every row at once, a vector every clock."""
