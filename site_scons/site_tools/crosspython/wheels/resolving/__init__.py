"""What is asked for becomes a lock: requests, projects, indexes, and the files that are chosen."""
