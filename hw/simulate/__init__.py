"""Runs gateware on a computer, word for word."""
