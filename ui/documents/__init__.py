"""Documents as files: which the library takes, and what is read of them."""
