"""Where orders leave the house: the port, its adapters, and the simulated venues."""
