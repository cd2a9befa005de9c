"""Whether finn-base agrees: `write` leaves graphs and what they must give, `check` runs beside finn-base."""
