"""The host's end of a board: a transport for bytes, requests that are answered or asked again, the sorter behind."""
