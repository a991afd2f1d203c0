"""What a file of a stranger's is, whether it is whole, and what of it must not leave the house."""
