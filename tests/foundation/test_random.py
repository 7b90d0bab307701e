"""Counter-based random numbers: the published vectors, random access, moments."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, normals, philox, uniforms, uniforms_at

# Random123's own known-answer file, philox4x32 with ten rounds: counter, key, result.
KNOWN = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_published_words(counter: str, key: str, result: str) -> None:
    words = np.array([int(w, 16) for w in counter.split()], dtype=np.uint64)
    low, high = (int(w, 16) for w in key.split())
    got = philox(np.repeat(words[:, None], 3, axis=1), low | high << 32)
    for column in got.T:
        assert [f"{int(w):08x}" for w in column] == result.split()


def test_philox_works_on_columns_independently() -> None:
    counter = np.stack([np.array([int(w, 16) for w in k[0].split()]) for k in KNOWN], axis=1)
    together = philox(counter.astype(np.uint64), 99)
    for column in range(3):
        alone = philox(counter[:, [column]].astype(np.uint64), 99)
        assert np.array_equal(together[:, [column]], alone)


def test_a_uniform_is_the_upper_53_bits_of_its_words() -> None:
    counter = np.array([[1], [7], [5], [int(Stream.CROWD)]], dtype=np.uint64)
    a, b, c, d = (int(w) for w in philox(counter, 42)[:, 0])
    drawn = uniforms(42, Stream.CROWD, [5], [7], 4)[0, 0]
    assert drawn[2] == ((b << 32 | a) >> 11) / 2**53
    assert drawn[3] == ((d << 32 | c) >> 11) / 2**53


@pytest.mark.parametrize("draw", [uniforms, normals])
def test_any_subset_gives_the_same_numbers(draw) -> None:  # type: ignore[no-untyped-def]
    paths, steps = np.arange(40), np.arange(300)
    whole = draw(7, Stream.PRICE, paths, steps, 5)
    some_paths, some_steps = np.array([31, 2, 17]), np.array([299, 0, 150, 7])
    part = draw(7, Stream.PRICE, some_paths, some_steps, 5)
    assert np.array_equal(part, whole[np.ix_(some_paths, some_steps)])
    assert np.array_equal(draw(7, Stream.PRICE, paths, steps, 2), whole[..., :2])
    assert np.array_equal(draw(7, Stream.PRICE, [9], [211], 5)[0, 0], whole[9, 211])


def test_chosen_places_give_the_numbers_of_the_whole() -> None:
    whole = uniforms(7, Stream.KEEPER, np.arange(4), np.arange(6), 5)
    path, element = np.array([3, 0, 3, 1]), np.array([4, 0, 1, 2])
    assert np.array_equal(uniforms_at(7, Stream.KEEPER, path, 5, element), whole[path, 5, element])


def test_rows_longer_than_a_chunk_are_the_same_numbers() -> None:
    whole = uniforms(3, Stream.PRICE, [0, 1], np.arange(9_000), 3)
    assert np.array_equal(
        whole[:, 8_990:], uniforms(3, Stream.PRICE, [0, 1], range(8_990, 9_000), 3)
    )


def test_seed_stream_path_and_step_all_matter() -> None:
    base = uniforms(1, Stream.PRICE, [1], [1], 2)
    for other in (
        uniforms(2, Stream.PRICE, [1], [1], 2),
        uniforms(1 + 2**32, Stream.PRICE, [1], [1], 2),
        uniforms(1, Stream.JUMP_TIME, [1], [1], 2),
        uniforms(1, Stream.PRICE, [2], [1], 2),
        uniforms(1, Stream.PRICE, [1], [2], 2),
    ):
        assert not np.any(base == other)


def test_streams_are_numbered_once() -> None:
    # Stored results depend on these values.
    assert [s.value for s in (Stream.PRICE, Stream.JUMP_TIME, Stream.JUMP_SIZE, Stream.CROWD)] == [
        0,
        1,
        2,
        3,
    ]
    assert len({int(s) for s in Stream}) == len(Stream)


def test_moments_within_sampling_error() -> None:
    count = 400 * 500 * 4
    u = uniforms(11, Stream.PRICE, np.arange(400), np.arange(500), 4)
    assert u.min() > 0.0 and u.max() < 1.0
    assert abs(u.mean() - 0.5) < 4 * np.sqrt(1 / 12 / count)
    assert abs(u.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / count)
    bins = np.bincount((u.ravel() * 64).astype(int), minlength=64)
    chi = np.sum((bins - count / 64) ** 2) / (count / 64)
    assert abs(chi - 63) < 5 * np.sqrt(2 * 63)
    z = normals(11, Stream.PRICE, np.arange(400), np.arange(500), 4)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(z**power) - moment) < 4 * np.sqrt(variance / count)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_are_uncorrelated(axis: int) -> None:
    z = np.moveaxis(normals(5, Stream.PRICE, np.arange(200), np.arange(200), 6), axis, 0)
    product = z[1:] * z[:-1]
    assert abs(product.mean()) < 4 / np.sqrt(product.size)
    squares = (z[1:] ** 2 - 1) * (z[:-1] ** 2 - 1) / 2
    assert abs(squares.mean()) < 4 / np.sqrt(squares.size)


def test_streams_are_uncorrelated() -> None:
    paths, steps = np.arange(300), np.arange(300)
    one = normals(5, Stream.PRICE, paths, steps, 2)
    other = normals(5, Stream.JUMP_SIZE, paths, steps, 2)
    assert abs(np.mean(one * other)) < 4 / np.sqrt(one.size)


def test_empty_draws_have_their_shape() -> None:
    assert uniforms(1, Stream.PRICE, [], [1, 2], 3).shape == (0, 2, 3)
    assert uniforms(1, Stream.PRICE, [1], [], 3).shape == (1, 0, 3)
    assert normals(1, Stream.PRICE, [1], [1, 2], 0).shape == (1, 2, 0)


@pytest.mark.parametrize(
    ("seed", "paths", "steps", "count", "says"),
    [
        (-1, [0], [0], 1, "seed"),
        (2**64, [0], [0], 1, "seed"),
        (0, [-1], [0], 1, "path numbers"),
        (0, [2**32], [0], 1, "path numbers"),
        (0, [0], [0.5], 1, "step numbers"),
        (0, [0], [[0]], 1, "step numbers"),
        (0, [0], [0], -1, "-1 numbers"),
    ],
)
def test_out_of_range_is_a_sentence(seed, paths, steps, count, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says):
        uniforms(seed, Stream.PRICE, paths, steps, count)
