"""Block memories that Yosys's cell libraries leave empty, ECP5's and xc7's, as cells that can be simulated."""
