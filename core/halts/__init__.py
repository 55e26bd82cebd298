"""What stops trading, beside the record and in it: the halt file, the line to the workers, alerts."""
