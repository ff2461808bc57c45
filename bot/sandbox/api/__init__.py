"""What the sandbox answers over HTTP: the contract, its own admin calls, its page."""
