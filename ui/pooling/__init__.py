"""The Pooling tab: one sentence or two, and what each strategy makes of their tokens."""
