"""Whose words are kept how long, who may have them forgotten, and how that is carried out."""
