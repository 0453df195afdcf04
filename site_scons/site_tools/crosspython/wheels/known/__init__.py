"""What is known of single packages and libraries, as data with its readers."""
