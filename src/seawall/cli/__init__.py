"""Floor 15: the command line. Nothing heavy is imported until a command needs it."""
