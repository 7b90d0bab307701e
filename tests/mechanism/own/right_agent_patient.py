"""Owners whose margin is thin pay in once, then sell a part, then wait for some steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AgentView, Ints, Wishes
from seawall.foundation.quantity import FRACTION, Quantity
from seawall.foundation.record import number, whole

SLOT = "agent"
NUMBERS = 1
TARGET = Quantity("equity over maintenance, from 1 to 10", 1.0, 10.0)


@dataclass(frozen=True)
class Patient:
    """target: equity over maintenance; part sold; wait in steps; share of paths that act."""

    target: float = number(TARGET, 1.5)
    part: float = number(FRACTION, 0.3)
    wait: int = whole(0, 1_000, 3)
    share: float = number(FRACTION, 0.7)


@dataclass
class Memory:
    """since (p, u): step of the last act, far in the past at first; paid (p, u) times paid in."""

    since: Ints
    paid: Ints


def begin(rule: Patient, view: AgentView) -> Memory:
    """Nobody has acted."""
    zeros = np.zeros(view.equity.shape, dtype=np.int64)
    return Memory(zeros - 10_000, zeros)


def step(rule: Patient, view: AgentView, memory: Memory) -> Wishes:
    """Half of what is missing the first time, a part of the positions after that."""
    ready = (view.step - memory.since > rule.wait) & (view.numbers[:, :1] < rule.share)
    thin = (view.equity < rule.target * view.maintenance) & (view.equity > 0) & ready
    pays = thin & (memory.paid == 0)
    lack = np.maximum(rule.target * view.maintenance - view.equity, 0.0)
    memory.since[thin] = view.step
    memory.paid[pays] += 1
    sells = (thin & ~pays)[:, view.account]
    return Wishes(np.where(sells, rule.part, 0.0), np.where(pays, 0.5 * lack, 0.0))
