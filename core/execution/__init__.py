"""An order's way from its release to its end at a venue: route, write the intent, send, record."""
