"""What models may cost: caps that the owner sets, and calls that are reserved before they are made."""
