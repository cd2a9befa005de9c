"""Sections of a report, a subject a file: figures as tables of text."""
