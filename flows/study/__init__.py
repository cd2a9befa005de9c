"""The study: every model on every data set, with error bars, and a page that says what was found."""
