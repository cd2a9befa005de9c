"""Benchmarks: what is measured for the figures in the documentation."""
