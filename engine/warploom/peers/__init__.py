"""What a user would run instead of Warploom, behind one interface: one process each."""
