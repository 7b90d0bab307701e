"""The market slot ``failures``: a list of tables for each kind of failure, and their shocks."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.scenario.failure.arrival import Arrival, Shock
from seawall.scenario.failure.manipulation import OracleManipulation
from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.pegs import Bridge, StablecoinDepeg
from seawall.scenario.failure.theft import AdminKey, FakeCollateral
from seawall.scenario.failure.venue import VenueInsolvency, VenueOutage


@dataclass(frozen=True)
class Failures:
    """What may fail, by kind, in the order in which each kind's random numbers are counted.

    Within one step thefts come before insolvencies: who fails has been robbed first.
    """

    shock: tuple[Shock, ...] = ()
    venue_outage: tuple[VenueOutage, ...] = ()
    venue_insolvency: tuple[VenueInsolvency, ...] = ()
    fake_collateral: tuple[FakeCollateral, ...] = ()
    admin_key: tuple[AdminKey, ...] = ()
    unbacked_mint: tuple[UnbackedMint, ...] = ()
    bridge: tuple[Bridge, ...] = ()
    stablecoin_depeg: tuple[StablecoinDepeg, ...] = ()
    oracle_manipulation: tuple[OracleManipulation, ...] = ()

    def __post_init__(self) -> None:
        names = [shock.name for shock in self.shock]
        if len(set(names)) < len(names):
            raise InputError("two shocks have one name", expected="a name for each shock")
        for failure in self.listed():
            if failure.shock is not None and failure.shock not in names:
                raise InputError(
                    f"a failure names the shock {failure.shock!r}",
                    expected=choices(failure.shock, names),
                )

    def listed(self) -> tuple[Arrival, ...]:
        """All failures, kind by kind."""
        return (
            *self.venue_outage,
            *self.venue_insolvency,
            *self.fake_collateral,
            *self.admin_key,
            *self.unbacked_mint,
            *self.bridge,
            *self.stablecoin_depeg,
            *self.oracle_manipulation,
        )
