"""Pictures of the study, as PNG; the same numbers give the same bytes."""
