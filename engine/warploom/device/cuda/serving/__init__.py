"""Plans frozen for files, opened again without tuning, and the path of a request with its copies."""
