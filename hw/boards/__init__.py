"""Boards: their device, their constraint file, and how a clock is made from their oscillator."""
