"""What each command does with its options; `flows.cli` gathers them."""
