"""Which venue an order goes to, and in words why not the others. Pure rules on typed inputs."""
