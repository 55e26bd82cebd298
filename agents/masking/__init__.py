"""What a model of somebody else's does not read: people's names and numbers. Pure: text in, text out."""
