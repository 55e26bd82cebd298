"""A program that stands for a copilot that was taken over: a process of its own, with what that one has."""
