"""The firm's limits as versions: changed by one person, confirmed by another, tried on the past first."""
