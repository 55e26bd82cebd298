"""What venues and custodians say, beside what the record says: every difference is a fact with an owner."""
