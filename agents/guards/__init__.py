"""What no answer or draft may say, and what no document may make it say. Pure: text in, findings out."""
