"""The background process: messages, the jobs and the server."""
