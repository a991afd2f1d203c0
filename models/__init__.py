"""The shared words of Adflight: contract (no I/O), tables and settings."""
