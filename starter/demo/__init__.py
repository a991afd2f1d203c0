"""The demonstration: a whole campaign story, played and proved."""
