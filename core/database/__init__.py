"""The server, its logins, its migrations and the pools that the doors use. It knows no product table."""
