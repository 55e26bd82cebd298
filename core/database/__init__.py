"""The server, its logins, its migrations and the pools that the doors use. It knows no table of the product's."""
