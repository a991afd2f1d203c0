"""Pure decisions: numbers and ``now`` in, decision and reason out. No I/O, no clock."""
