"""Standing approvals: what a principal gives in advance, within bounds, for one class of proposals."""
