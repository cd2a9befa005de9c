"""Where spikes come from: simulated recordings, and readers for those that people have."""
