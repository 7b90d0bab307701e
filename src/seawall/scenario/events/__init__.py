"""Real events as data: where prices went, who could not act, what was published of the outcome."""

from seawall.scenario.events.event import Event, Outcome, VenueType
from seawall.scenario.events.read import list_events, list_types, load_event, load_type

__all__ = ["Event", "Outcome", "VenueType", "list_events", "list_types", "load_event", "load_type"]
