"""A month rehearsed in seconds: the production workflows on a stepped clock."""
