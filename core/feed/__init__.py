"""The record as people follow it: what they may read, page by page, from wherever they stopped."""
