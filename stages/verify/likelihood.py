"""How likely the votes for a problem are, whichever answer is the truth.

Of n votes, t for the truth, and m wrong ones on J answers of n_j votes, which gather
as in a Chinese restaurant of concentration c (Ewens 1972):

    P(votes | truth) = E_x[x^t (1-x)^(n-t)] · E_c[c^J Γ(c)/Γ(c+m) ∏ Γ(n_j)]

The hypotheses are: the key is the truth (0), answer j is (1 to ANSWERS), an answer that
nobody gave is (NOBODY), and: the key is the truth, but the models are misled to answer
j as firmly as they are right elsewhere (the last ANSWERS). What tells a wrong key from
a misled model is who else gets votes: where the model is misled, some samples still
find the key, while a wrong key is seldom a mistake that the model makes too.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray

ANSWERS = 4  # beside the key, the most frequent ones: one of them may be the truth
NOBODY = 1 + ANSWERS
HYPOTHESES = 2 + 2 * ANSWERS
RATES = np.sin(np.pi / 2 * np.linspace(0.02, 0.98, 41)) ** 2  # of x
CONCENTRATIONS = np.geomspace(0.03, 100, 13)  # of c
# Of wrong keys, the share that is a mistake which models make too.
LIKE_A_MODEL = 0.2
# Where models are misled, the truth gets a share Beta(1, b) of their votes.
SHAPES = np.array([4.0, 12.0, 40.0])  # of b


class Ballots(NamedTuple):
    """Votes of n problems by m models, and what further witnesses make of a key.

    `votes` (n, 1 + ANSWERS, m) are for the key (column 0) and for the answers that are
    given most beside it; `scattered` (n, m) are for yet others. `witnesses`
    (n, 2 + ANSWERS) are factors: how likely what they say is where the key is the
    truth, where answer j is, and where none of these is.
    """

    votes: Array
    scattered: Array
    witnesses: Array


class Terms(NamedTuple):
    """What EM does not change, for n kinds of problems and h hypotheses.

    `times` (n,) says how many problems are of a kind; `right` (patterns, RATES) is
    looked up by `pattern` (n, h, m); `gathered` is (n, h, CONCENTRATIONS), `found`
    (n, SHAPES) how likely misled models still find the key so often, and `witnesses`
    (n, h).
    """

    times: Array
    right: Array
    pattern: Array
    gathered: Array
    found: Array
    witnesses: Array

    def take(self, rows: Array) -> "Terms":
        """The terms of some kinds of problems."""
        times, right, *of_rows = self
        return Terms(times[rows], right, *(term[rows] for term in of_rows))


def precompute(ballots: Ballots, times: Array) -> Terms:
    votes, scattered, witnesses = ballots
    key, others = votes[:, :1], votes[:, 1:]
    truth = np.concatenate([votes, np.zeros_like(key), others], axis=1)  # (n, h, m)
    cast = np.repeat((votes.sum(axis=1) + scattered)[:, None], HYPOTHESES, axis=1)
    cast[:, -ANSWERS:] -= key  # misled models are firm in what they leave to the key
    size = int(cast.max(initial=0)) + 1
    codes, pattern = np.unique(truth * size + cast, return_inverse=True)
    t, n = (codes // size)[:, None], (codes % size)[:, None]
    right = np.exp(t * np.log(RATES) + (n - t) * np.log1p(-RATES))
    gathered = _gather(votes.sum(axis=2), scattered.sum(axis=1))
    is_given = others.sum(axis=2) > 0
    by_key = witnesses[:, :1] * is_given  # where models are misled, the key is right
    by_answer = witnesses[:, 1:NOBODY] * is_given
    parts = witnesses[:, :1], by_answer, witnesses[:, NOBODY:], by_key
    return Terms(
        times,
        right,
        pattern.reshape(truth.shape),
        gathered,
        _find_key(ballots),
        np.concatenate(parts, axis=1),
    )


def _find_key(ballots: Ballots) -> Array:
    """How likely (n, SHAPES) misled models give the key so many of their votes."""
    from scipy.special import betaln

    key = ballots.votes[:, 0].sum(axis=1)[:, None]
    cast = ballots.votes.sum(axis=(1, 2)) + ballots.scattered.sum(axis=1)
    log = betaln(1 + key, SHAPES + cast[:, None] - key) - betaln(1, SHAPES)
    likely: Array = np.exp(log)
    return likely


def _gather(counts: Array, scattered: Array) -> Array:
    """How likely (n, h, CONCENTRATIONS) wrong votes gather so, and on the key.

    `counts` (n, 1 + ANSWERS) are votes for the key and for other answers. Each of the
    `scattered` (n,) votes passes for an answer of its own.
    """
    from scipy.special import gammaln

    key = counts[:, :1]
    truth = np.concatenate([counts, np.zeros_like(key)], axis=1)
    left = counts.sum(axis=1, keepdims=True) + scattered[:, None] - truth
    seats = (counts > 0).sum(axis=1, keepdims=True) + scattered[:, None] - (truth > 0)
    friends = gammaln(np.maximum(counts, 1)).sum(axis=1, keepdims=True)
    friends = friends - gammaln(np.maximum(truth, 1))
    at_tables = np.exp(_log_ewens(left, seats, friends))
    # The key is one more wrong answer where it is not the truth.
    votes, c = key[..., None], CONCENTRATIONS
    like_a_model = np.where(votes > 0, votes, c) / (c + left[..., None])
    on_key = LIKE_A_MODEL * like_a_model + (1 - LIKE_A_MODEL) * (votes == 0)
    on_key[:, 0] = 1
    # Where models are misled, what they leave to the key does not gather.
    left, seats, friends = (part[:, 1:NOBODY] for part in (left, seats, friends))
    friends = friends - gammaln(np.maximum(key, 1))
    misled = np.exp(_log_ewens(left - key, seats - (key > 0), friends))
    return np.concatenate([at_tables * on_key, misled], axis=1)


def _log_ewens(votes: Array, seats: Array, friends: Array) -> Array:
    """Log of the chance (…, CONCENTRATIONS) of a partition; `friends` is Σ log Γ(n)."""
    from scipy.special import gammaln

    c = CONCENTRATIONS
    votes, seats, friends = (part[..., None] for part in (votes, seats, friends))
    log: Array = seats * np.log(c) + gammaln(c) - gammaln(c + votes) + friends
    return log
