"""Running many paths in pieces: here, in forked processes, in threads or on Ray; same bits."""
