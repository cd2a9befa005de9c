"""Where two rungs of the ladder differ, down to a neuron's accumulator, and the smallest run that shows it."""
