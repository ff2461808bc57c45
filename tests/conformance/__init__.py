"""The contract both ways: what the sandbox answers; what our client asks, and makes of answers."""
