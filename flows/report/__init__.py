"""What a run found, told in a terminal, in Markdown, as JSON and as one HTML page."""
