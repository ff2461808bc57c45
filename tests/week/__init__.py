"""A simulated week: the real house and the real sandbox, on the sandbox's clock, judged against the truth."""
