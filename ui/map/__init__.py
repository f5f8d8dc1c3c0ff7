"""The Map tab: many sentences as dots, and how far to trust their places."""
