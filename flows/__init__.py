"""What a person runs: the steps that join training and gateware."""
