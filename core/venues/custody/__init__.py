"""What a custodian is asked, and how: the port, and its adapter over HTTP."""
