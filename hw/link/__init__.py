"""How a board with a sorter talks to a host: the bytes that pass, and the gateware at the board's end."""
