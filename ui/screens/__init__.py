"""The screens: what people see and press. They reach the product by its own HTTP API and in no other way."""
