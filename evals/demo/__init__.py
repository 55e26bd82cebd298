"""`gatehouse demo`: the product's story told by itself, in a world of its own, and proven by figures."""
