"""A reconciliation system to try the bot against, behind the same HTTP contract as the bureau's."""
