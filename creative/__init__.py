"""Copy, images and their compliance."""
