"""What leaves with an exported package: the one file that verifies it, and words for whoever reads it."""
