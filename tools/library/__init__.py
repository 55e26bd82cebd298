"""The library's index: passages to vectors, in this process, with a model that ships inside a package."""
