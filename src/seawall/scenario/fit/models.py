"""Which function fits which model of paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seawall.scenario.fit.bootstrap import fit_bootstrap
from seawall.scenario.fit.diffusion import fit_diffusion
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.heavy_tail import fit_heavy_tail
from seawall.scenario.fit.jumps import fit_jump_diffusion
from seawall.scenario.fit.prices import Returns
from seawall.scenario.fit.self_exciting import fit_self_exciting
from seawall.scenario.fit.stochastic_volatility import fit_stochastic_volatility

FITS: Mapping[str, Callable[[Returns], Fitted]] = {
    "diffusion": fit_diffusion,
    "jump_diffusion": fit_jump_diffusion,
    "self_exciting": fit_self_exciting,
    "stochastic_volatility": fit_stochastic_volatility,
    "heavy_tail": fit_heavy_tail,
    "bootstrap": fit_bootstrap,
}
