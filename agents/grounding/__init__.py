"""Whether what an answer states stands in what was read for it. Pure: text in, text out."""
