"""Effects on the world, each idempotent; knows the core's effect types and nothing of the shell."""
