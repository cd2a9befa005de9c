"""From a source to integer windows: filter, detect, align, cut, split, quantize."""
