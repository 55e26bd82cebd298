"""Orders that come in without a conversation: by a person's own hand, by a program, by a signal."""
