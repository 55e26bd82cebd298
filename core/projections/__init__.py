"""What the worker folds from the journal and keeps for readers, and the readers of it. Never evidence."""
