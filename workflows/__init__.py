"""Durable state machines: they decide when; policy decides what; activities do."""
