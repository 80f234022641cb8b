"""Recording -> HTML, figures, CSV and traces; never measures."""
