"""HTML made in Python: every text that is not ours is escaped here."""
