"""Recordings that nobody should have to trust, format by format."""
