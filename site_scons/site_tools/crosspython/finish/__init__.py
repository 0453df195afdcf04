"""What makes a finished tree fit for a board: relocatable, stripped, audited; stages/ and wheels/ stand on it."""
