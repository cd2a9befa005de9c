"""Bits that flip in the memories of an accelerator, and what its answers are then."""
