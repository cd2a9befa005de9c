"""Calibration of the power model: published designs rebuilt, their changes counted, coefficients fitted."""
