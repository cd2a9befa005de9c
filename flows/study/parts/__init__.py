"""What each part of the study says: one file a part, each from the results alone."""
