"""One module per subject of the command line; `ui.cli` mounts their functions by name, when they run."""
