"""How a network is folded onto a device: parallelism, storage and buffers of each layer."""
