"""What the visitor sees, and the one shared object behind it."""
