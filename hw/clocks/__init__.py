"""Clocks: what makes the design's clock from the board's oscillator."""
