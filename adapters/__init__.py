"""With what: a folder for each port, a file for each technology."""
