"""Who is told next when a submitted proposal waits, in business hours. Nothing is approved by time."""
