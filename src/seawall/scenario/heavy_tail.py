"""Heavy tails: steps are normal in their middle and generalised Pareto in both tails.

Idea: one step's standardised move e has the quantiles of a normal law between its tail shares p,
and beyond them those of a generalised Pareto law with tail index alpha (shape 1 / alpha):

    beyond the threshold u = -N^-1(p):   P(e > u + y) = p (1 + y / (alpha b))^-alpha

The scale b is p / density of the normal law at u unless stated, which makes the density meet at the
threshold; then e is shifted and scaled to mean 0 and variance 1 in closed form, and

    log-return_i = s_i sqrt(dt) e_i - log E[exp(s_i sqrt(dt) e_i)]

E[exp] of a Pareto tail does not exist: a step's log-return is held within +-largest_move, and the
compensator (a quadrature) is that of the held law, so E[S_t] = S_0.

Assets are tied by a Student t copula with the Case's correlations and a stated, even number of
degrees of freedom (for which its distribution function is a closed form): extreme steps come
together, the more so the fewer degrees.

What (1 - n) scales under the label "exogenous": every move. A scale on volatility does the same.

Source: McNeil, Frey and Embrechts (2015), "Quantitative Risk Management", chapters 5 and 7. Wrong
when volatility clusters (steps are independent here), and when tail shares fitted on one step
length are used at another: the index stays under aggregation, the share does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number, whole

INDEX = Quantity("a tail index above 2, to 50", 2.0, 50.0, True)
TAIL_SHARE = Quantity("a share above 0, to 0.25", 0.0, 0.25, True)
SCALE = Quantity("a scale above 0, to 10", 0.0, 10.0, True)
LARGEST = Quantity("a log-move above 0, to 3", 0.0, 3.0, True)


@dataclass(frozen=True)
class HeavyTail:
    """Independent steps with Pareto tails.

    left_index, right_index   alpha: P(fall > x) falls like x^-alpha; above 2
    left_share, right_share   p: chance that a step lies in the tail
    left_scale, right_scale   b, in standard deviations of the normal middle; absent: densities meet
    freedom                   degrees of freedom of the t copula, even, 2 to 60
    largest_move              bound on a step's log-return
    """

    left_index: float = number(INDEX)
    right_index: float = number(INDEX)
    left_share: float = number(TAIL_SHARE, 0.05)
    right_share: float = number(TAIL_SHARE, 0.05)
    left_scale: float | None = number(SCALE, None)
    right_scale: float | None = number(SCALE, None)
    freedom: int = whole(2, 60, 4)
    largest_move: float = number(LARGEST, 1.0)

    def __post_init__(self) -> None:
        if self.freedom % 2:
            raise InputError(f"{self.freedom} degrees of freedom", expected="an even number")
