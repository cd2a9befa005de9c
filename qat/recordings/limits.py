"""How much of a file is taken into memory, and what a recording may be."""

MAX_FILE_BYTES = 2**32
"""Of a file that is read whole, not in stretches."""
MAX_UNPACKED_BYTES = 2**30
"""Of what such a file unpacks to: three hours of one channel at 24 kHz as float32."""
MAX_RATE_HZ = 1e6
"""Samples a second; above it, an interval was stated in another unit."""
MAX_SECONDS = 1e9
"""On a recording's own clock, either way: thirty years."""
READ_WHOLE = (".npz", ".mat")

SORTING_RECORD = "numpysorting_info.json"
"""File in a folder to which SpikeInterface saved a sorting; any other folder is not even looked through."""
