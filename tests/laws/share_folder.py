"""The bundled sample as a folder, with quantos and one share of each kind added."""

from __future__ import annotations

from pathlib import Path

INSTRUMENTS = """\
instrument,kind,underlying,settle,expiry,strike,option_type,multiplier
ETH-QUANTO,perpetual,ETH,BTC,,,,0.000001
ETH-Q27,future,ETH,BTC,2027-03-26T08:00:00Z,,,0.000001
LP,liquidity_share,,,,,,
VLT,vault_share,,,,,,
GM,pool_share,,,,,,
"""
ASSET = """
[assets.{name}]
spot = {spot}
volatility = 0.5
depth = 1e8
daily_volume = 1e7
"""
SHARES = """
[shares.LP] # 2 sqrt(1,000 x 2.76m x 2,760) / 10,000
reserves = { ETH = 1000, USDC = 2_760_000 }
supply = 10_000

[shares.VLT]
supply = 100
holdings = { wstETH = 10, LP = 5, USDC = -1_000 }

[shares.GM]
supply = 4_000_000
backing = { ETH = 1000, USDC = 2_000_000 }

[shares.GM.markets.ETH]
long_size = 400
long_entry = 2_500
short_size = 100
short_entry = 3_000
long_cap = 0.9
long_backing = "ETH"
short_cap = 0.9
short_backing = "USDC"
"""


def add_shares(folder: Path) -> None:
    """The sample, with a quanto perpetual and future and one share of each kind."""
    place = folder / "instruments.csv"
    rows = [line + "," for line in place.read_text().splitlines()[1:]]
    head, *new = INSTRUMENTS.splitlines()
    place.write_text("\n".join([head, *rows, *new]) + "\n")
    market = folder / "market.toml"
    prices = {"LP": 552.0, "VLT": 355.6, "GM": 1.16}
    assets = "".join(ASSET.format(name=name, spot=spot) for name, spot in prices.items())
    market.write_text(market.read_text() + assets + SHARES)
