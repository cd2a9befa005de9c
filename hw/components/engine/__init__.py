"""One shared engine that runs all layers of a network one after another: the fewest lookup tables."""
