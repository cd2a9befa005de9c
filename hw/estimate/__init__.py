"""What a design will cost, before and beside the tools that build it."""
