"""Handlers of peers' cases: drift. They convert inputs and units and compute nothing."""

from __future__ import annotations

from peer_runner import Handler, Kind, PeerCase

HANDLERS: dict[Kind, Handler] = {}

# Worked by hand, one of each kind, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = []
