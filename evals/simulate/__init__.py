"""Workers, venues and the journal in one process, under virtual clocks and one seed."""
