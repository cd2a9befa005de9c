"""Power of a design: coefficients, what switches, and the clock that it runs at."""
