"""Frozen inputs, messages and value types. Workflows import only these; nothing here does I/O."""
