"""A feed's rules on a market's closes: the gap at each close, time between rounds, recovery.

The feed's own price is the market's between two closes (Brownian bridge with the variance around
the bar) times its basis and noise; the step that sends is the loop's own, `oracle.feed.publish`, on
a step of its own length. A clock of the heartbeat's own, and rounds that no rule explains, are sent
by the same step: the price's age is set to the heartbeat.

Stretches of the record ("chunks") are paths, draws of the fitted numbers are feeds, so one pass of
the step serves all. Each chunk starts two heartbeats early, as if a round had just come.

Gap = |oracle / market - 1| at bar ends, basis included, in the record and here alike. A recovery
runs from the first close at which the gap is at or above the deviation to the first moment, a new
round or a close, at which it is below; between closes the market is taken on a straight line.

Wrong when: the market jumps within a bar (the bridge is continuous), or volatility within a bar is
far from that around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.oracle_fit import DAY, Basis, Rule, local_variance
from seawall.exposure.backtest.oracle_rounds import Rounds, Series, holes
from seawall.oracle.feed import FeedRule, publish, start
from seawall.oracle.twap import TwapRule, twap_memory, twap_step

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESETS, CLOCK = "resets", "clock"


@dataclass(frozen=True)
class Chunks:
    """Stretches of unbroken bars on which the record is whole.

    time (p, n + 1) bar ends, warm-up included; log (p, n + 1); variance (p, n) per second within
    each bar; warm bars of warm-up; seconds of a bar.
    """

    time: Ints
    log: Floats
    variance: Floats
    warm: int
    seconds: int


@dataclass(frozen=True)
class Form:
    """How the heartbeat runs (``kind``: resets or clock), which share of the fitted one it has, and
    over how many seconds the feed averages the market (0: not), which takes half of that from the
    fitted delay.
    """

    kind: str
    share: float
    window: int


@dataclass(frozen=True)
class Draw:
    """One draw of the fitted numbers."""

    rule: Rule
    basis: Basis


@dataclass(frozen=True)
class Seen:
    """What a feed did, in the record (f = 1) or in the model (f draws).

    gap       (p, n, f) |oracle / market - 1| at bar ends after the warm-up
    pause     (p, f) lists of seconds between rounds; ``recovery`` alike, of recoveries
    """

    gap: Floats
    pause: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    recovery: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)


def chunks_of(series: Series, rounds: Rounds, rule: Rule, first: int, last: int) -> Chunks | None:
    """The chunks within [first, last): days, or four heartbeats if longer; None: there is none."""
    bar = series.seconds
    length = max(DAY, math.ceil(4.0 * rule.heartbeat / DAY) * DAY) // bar
    warm = max(math.ceil(2.0 * rule.heartbeat / bar), 1)
    first, last = max(first, int(rounds.time[0])), min(last, int(rounds.time[-1]))
    silent = holes(rounds, rule.heartbeat)
    variance = local_variance(series)
    begins = np.arange(-(-first // DAY) * DAY, last, length * bar)
    at = np.searchsorted(series.time, begins - warm * bar)
    rows = []
    for begin, row in zip(begins.tolist(), at.tolist(), strict=True):
        end = begin + length * bar
        stop = row + warm + length
        if begin - warm * bar < first or end > last or stop >= series.time.size:
            continue
        if series.time[row] != begin - warm * bar or series.time[stop] != end:
            continue
        if any(a < end and b > begin - warm * bar for a, b in silent):
            continue
        rows.append(row)
    if not rows:
        return None
    index = np.array(rows)[:, None] + np.arange(warm + length + 1)[None, :]
    return Chunks(
        series.time[index], series.log[index], variance[index[:, :-1]], warm, series.seconds
    )


def recorded(chunks: Chunks, rounds: Rounds, deviation: float) -> Seen:
    """What the record did on the same bars, measured in the same way."""
    times, logs = chunks.time, chunks.log
    row = np.searchsorted(rounds.time, times, side="right") - 1
    gap = np.abs(rounds.price[row] / np.exp(logs) - 1.0)
    recovery = []
    warm = chunks.warm
    for p in range(times.shape[0]):
        begun = -1
        for n in range(warm, times.shape[1]):
            if begun >= 0:
                ended = _ended(times[p], logs[p], n, rounds, deviation)
                if ended is not None:
                    recovery.append((p, float(ended - begun)))
                    begun = -1
            if n > warm and begun < 0 and gap[p, n] >= deviation:
                begun = int(times[p, n])
    pause = []
    for p in range(times.shape[0]):
        first, last = np.searchsorted(rounds.time, times[p, [warm, -1]], side="right")
        between = np.diff(rounds.time[max(int(first) - 1, 0) : int(last)])
        pause += [(p, float(value)) for value in between.tolist()]
    return Seen(gap[:, warm + 1 :, None], [_columns(pause)], [_columns(recovery)])


def _ended(time: Ints, log: Floats, n: int, rounds: Rounds, deviation: float) -> int | None:
    """When the gap fell below within the bar that ends at ``n``, its end included; None = not."""
    left, right = int(time[n - 1]), int(time[n])
    first, last = np.searchsorted(rounds.time, [left, right], side="right")
    for k in range(int(first), int(last)):
        share = (rounds.time[k] - left) / (right - left)
        level = math.exp((1.0 - share) * log[n - 1] + share * log[n])
        if abs(rounds.price[k] / level - 1.0) < deviation:
            return int(rounds.time[k])
    below = abs(rounds.price[last - 1] / math.exp(log[n]) - 1.0) < deviation
    return right if below else None


def _columns(found: Sequence[tuple[int, float]]) -> tuple[Ints, Ints, Floats]:
    path = np.array([p for p, _ in found], dtype=np.int64)
    return path, np.zeros_like(path), np.array([value for _, value in found], dtype=np.float64)


def modelled(
    chunks: Chunks,
    forms: Sequence[Form],
    draws: Sequence[Draw],
    deviation: float,
    rng: np.random.Generator,
) -> list[Seen]:
    """What each form does on these bars, a feed for each draw; all forms see the same prices."""
    step = step_seconds(chunks.seconds)
    walk = _Walk(chunks, forms, draws, step, deviation)
    basis = _basis_paths(chunks, draws, rng)
    log, shape = chunks.log, (chunks.log.shape[0], len(draws))
    noise = _noise(draws, shape, rng)
    own = np.repeat(log[:, :1], len(draws), axis=1)
    walk.begin(np.exp(own + basis[:, 0] + noise))
    per_bar = chunks.seconds // step
    gap = np.empty((shape[0], log.shape[1] - chunks.warm - 1, len(forms) * len(draws)))
    for bar in range(log.shape[1] - 1):
        fresh = _noise(draws, shape, rng)
        size = np.sqrt(chunks.variance[:, bar] * step)[:, None]
        for k in range(per_bar):
            left = per_bar - k
            # Pinned to the bar's close: drift towards it, and less and less room.
            own = own + (log[:, bar + 1, None] - own) / left
            own += size * math.sqrt((left - 1) / left) * rng.standard_normal(shape)
            share = (k + 1) / per_bar
            slow = (1.0 - share) * basis[:, bar] + share * basis[:, bar + 1]
            fast = (1.0 - share) * noise + share * fresh
            straight = (1.0 - share) * log[:, bar] + share * log[:, bar + 1]
            walk.take(np.exp(own + slow + fast), bar, k, np.exp(straight), rng)
        noise = fresh
        found = walk.close(bar, np.exp(log[:, bar + 1]))
        if bar >= chunks.warm:
            gap[:, bar - chunks.warm] = found
    return _by_form(Seen(gap, walk.pause, walk.recovery), len(forms), len(draws))


def _by_form(seen: Seen, forms: int, draws: int) -> list[Seen]:
    """The columns of each form apart, feeds numbered by draw."""
    out = []
    pause, recovery = _joined(seen.pause), _joined(seen.recovery)
    for n in range(forms):
        mine = [
            [(path[of // draws == n], of[of // draws == n] % draws, value[of // draws == n])]
            for path, of, value in (pause, recovery)
        ]
        out.append(Seen(seen.gap[:, :, n * draws : (n + 1) * draws], *mine))
    return out


def _joined(parts: Sequence[tuple[Ints, Ints, Floats]]) -> tuple[Ints, Ints, Floats]:
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    path, of, value = (np.concatenate([part[n] for part in parts]) for n in range(3))
    return path, of, value


def delay_steps(draw: Draw, form: Form, step: int) -> int:
    """Whole steps from sending to being seen: the fitted delay less the average's own lag."""
    return round(max(draw.basis.delay - form.window / 2.0, 0.0) / step)


def step_seconds(bar: int) -> int:
    """The longest step up to 12 s, a block of Ethereum's, that divides a bar."""
    return max(step for step in range(1, 13) if bar % step == 0)


def _noise(draws: Sequence[Draw], shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    size = np.array([draw.basis.noise for draw in draws])
    return np.asarray(rng.standard_normal(shape) * size)


def _basis_paths(chunks: Chunks, draws: Sequence[Draw], rng: np.random.Generator) -> Floats:
    """The slow basis (p, n + 1, f): for each draw one line over all days, straight in between."""
    first, last = int(chunks.time.min()) // DAY, int(chunks.time.max()) // DAY + 1
    days = np.arange(first, last + 1)
    slow = _line(days.size, np.array([DAY / draw.basis.memory for draw in draws]), rng)
    fast = _line(days.size, np.ones(len(draws)), rng)
    lines = np.array([draw.basis.mean for draw in draws])
    lines = lines + slow * np.array([draw.basis.weeks for draw in draws])
    lines = lines + fast * np.array([draw.basis.days for draw in draws])
    at = chunks.time / DAY
    paths = [np.interp(at, days, lines[:, f]) for f in range(len(draws))]
    return np.stack(paths, axis=-1)


def _line(days: int, decay: Floats, rng: np.random.Generator) -> Floats:
    """Ornstein-Uhlenbeck lines (days, f) of variance 1 that forget at ``decay`` (f,) a day."""
    along = np.exp(-decay)
    rows: list[Floats] = [rng.standard_normal(decay.size)]
    for _ in range(days - 1):
        rows.append(along * rows[-1] + np.sqrt(1.0 - along**2) * rng.standard_normal(decay.size))
    return np.array(rows)


class _Walk:
    """The feeds' memory along the bars, with what was seen of them; columns are form by form."""

    def __init__(
        self,
        chunks: Chunks,
        forms: Sequence[Form],
        draws: Sequence[Draw],
        step: int,
        deviation: float,
    ) -> None:
        self.chunks, self.step, self.deviation, self.forms = chunks, step, deviation, len(forms)
        pairs = [(form, draw) for form in forms for draw in draws]
        self.beat = np.array([draw.rule.heartbeat * form.share for form, draw in pairs])
        self.clock = np.array([form.kind == CLOCK for form, _ in pairs])
        steps = np.maximum(np.ceil(self.beat / step - 1e-9), 1.0)
        self.rule = FeedRule(
            deviation=np.array([draw.rule.deviation for _, draw in pairs]),
            # A clock strikes before its price could grow twice as old.
            heartbeat_steps=steps * np.where(self.clock, 2.0, 1.0),
            delay_steps=np.array([delay_steps(draw, form, step) for form, draw in pairs]),
        )
        window = np.array([max(round(form.window / step), 1) for form, _ in pairs])
        self.twap = TwapRule(np.arange(len(pairs)), window)
        self.phase = np.array([draw.rule.phase or 0.0 for _, draw in pairs])
        # A clock strikes when the price is observed; what it was fitted to is when it was seen.
        self.late = self.rule.delay_steps * step - self.phase
        extra = np.array([draw.rule.extra for _, draw in pairs]) * step
        self.extra = np.where(self.clock, extra, 0.0)
        self.pause: list[tuple[Ints, Ints, Floats]] = []
        self.recovery: list[tuple[Ints, Ints, Floats]] = []

    def begin(self, price: Floats) -> None:
        """A round has just come everywhere."""
        price = np.tile(price, (1, self.forms))
        self.state = start(self.rule, price)
        self.shown = price.copy()
        self.average = twap_memory(self.twap, price)
        self.since = np.zeros(price.shape)
        self.open = np.full(price.shape, -1.0)

    def take(
        self, price: Floats, bar: int, k: int, straight: Floats, rng: np.random.Generator
    ) -> None:
        """One step of the loop's oracle, and what it did."""
        price = np.tile(price, (1, self.forms))
        twap_step(self.twap, self.average, bar * self.chunks.seconds // self.step + k, price)
        if self.clock.any():
            now = self.chunks.time[:, bar, None] + (k + 1) * self.step
            struck = (now + self.late) % self.beat < self.step
            struck |= rng.random(price.shape) < self.extra
            # The step counts one more before it compares.
            np.copyto(self.state.age, 1 << 40, where=struck & self.clock)
        seen = publish(self.rule, self.state, price)
        self.since += self.step
        sent = self.state.age == 0
        if bar >= self.chunks.warm and sent.any():
            path, feed = np.nonzero(sent)
            self.pause.append((path, feed, self.since[path, feed]))
        self.since[sent] = 0.0
        waiting = self.open >= 0.0
        if waiting.any():
            self.open[waiting] += self.step
            over = waiting & (seen != self.shown)
            over &= np.abs(seen / straight[:, None] - 1.0) < self.deviation
            self._end(over)
        self.shown = seen

    def close(self, bar: int, market: Floats) -> Floats:
        """The gap (p, f) at a bar's end; recoveries begin and end there too."""
        gap: Floats = np.abs(self.shown / market[:, None] - 1.0)
        self._end((self.open >= 0.0) & (gap < self.deviation))
        if bar >= self.chunks.warm:
            self.open[(self.open < 0.0) & (gap >= self.deviation)] = 0.0
        return gap

    def _end(self, over: NDArray[np.bool_]) -> None:
        path, feed = np.nonzero(over)
        if path.size:
            self.recovery.append((path, feed, self.open[path, feed]))
            self.open[path, feed] = -1.0
