"""The campaign of `make verify`: which checks count, what they measured, and the report."""
