"""The firm: its people, clients, accounts and rules as founding facts, and the demo firm made from a seed."""
