"""Everything that touches the world; one class a family, collaborators injected."""
