"""The chip: what a board is configured with, from its pins to the accelerator."""
