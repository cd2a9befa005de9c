"""Calibration of the analytic models: random accelerators, measured by synthesis and placement, kept as rows."""
