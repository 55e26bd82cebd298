"""What the market is: instruments, closes, sessions, settlement, and the rules that carry a date."""
