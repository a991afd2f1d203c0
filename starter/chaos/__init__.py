"""Chaos: a throwaway stack is crashed on purpose, and every promise is checked afterwards."""
