"""Plan files, and the requests that plans answer: inputs checked, shapes picked, copies overlapped, times reported."""
