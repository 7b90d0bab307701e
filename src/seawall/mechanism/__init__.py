"""The mechanism lab: studies that ask the engine questions, all else equal."""
