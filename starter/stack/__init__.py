"""The local stack: embedded PostgreSQL, Temporal dev server, sandbox and our own processes."""
