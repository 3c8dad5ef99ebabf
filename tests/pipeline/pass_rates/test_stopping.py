import numpy as np
import pytest
from scipy.stats import beta

from pipeline.pass_rates.prior import GRID, fit_prior, posterior_inside
from pipeline.pass_rates.stopping import StoppingGrid, plan_round
from pipeline.pass_rates.window import Window

SHAPES = {
    "bimodal": lambda rng, n: rng.beta(0.3, 0.3, n),
    "flat": lambda rng, n: rng.random(n),
    "mostly hard": lambda rng, n: rng.beta(0.6, 2.4, n),
    "mostly easy": lambda rng, n: rng.beta(2.4, 0.6, n),
}
WINDOW = Window(lo=0.1, hi=0.9)


def sampled(rates: np.ndarray, budget: float, seed: int = 0):
    """Counts, decisions and confidence after adaptive sampling of known rates."""
    rng = np.random.default_rng(seed)
    right = rng.binomial(2, rates)
    wrong, luck = 2 - right, rng.random(len(rates))
    while (left := budget * len(rates) - (right + wrong).sum()) >= 1:
        grid = StoppingGrid(WINDOW, fit_prior(right, wrong, WINDOW), 64)
        more = plan_round(grid, right, wrong, left, luck)
        if not more.any():
            break
        gained = rng.binomial(more, rates)
        right, wrong = right + gained, wrong + more - gained
    chance = posterior_inside(right, wrong, WINDOW, fit_prior(right, wrong, WINDOW))
    return right, wrong, chance


@pytest.mark.parametrize("shape", SHAPES)
def test_fewer_samples_misclassify_no_more_problems_than_sixteen_of_each(shape):
    rng = np.random.default_rng(5)
    rates = SHAPES[shape](rng, 12_000)
    truth = WINDOW.holds(rates)
    right, wrong, chance = sampled(rates, 9.6)
    fixed = np.mean(
        [(WINDOW.holds(rng.binomial(16, rates) / 16) != truth).mean() for _ in range(5)]
    )

    assert (right + wrong).mean() <= 9.6
    assert ((chance >= 0.5) != truth).mean() <= fixed + 0.003  # one standard error
    sure = np.maximum(chance, 1 - chance) >= 0.95
    agrees = (chance >= 0.5) == truth
    slack = 2 * np.sqrt(0.05 * 0.95 / max(sure.sum(), 1))
    assert agrees[sure].mean() >= 0.95 - slack


def test_samples_go_where_they_may_change_the_decision():
    rates = np.repeat([0.0, 0.12, 0.5, 1.0], 500)
    right, wrong, _ = sampled(rates, 8)
    spent = (right + wrong).reshape(4, 500).mean(axis=1)

    # 0 and 0.12 look alike for long. With the true rates as prior more of the samples
    # go to 0, where none ever settles it: 15.6 and 7.5, beside 2.9 and 6.0.
    assert min(spent[:2]) > 1.2 * max(spent[2:])


def test_the_fitted_prior_is_that_of_the_pool():
    rng = np.random.default_rng(0)
    rates = rng.beta(2, 5, 20_000)
    right = rng.binomial(8, rates)
    prior = fit_prior(right, 8 - right, WINDOW)

    assert prior.sum() == pytest.approx(1)
    assert prior @ GRID == pytest.approx(2 / 7, abs=0.01)
    for at in (0.1, 0.3, 0.5):
        assert prior[at >= GRID].sum() == pytest.approx(beta(2, 5).cdf(at), abs=0.05)


def test_the_posterior_is_bayes_rule():
    prior = np.full(len(GRID), 1 / len(GRID))
    right, wrong = np.array([3, 0]), np.array([1, 0])
    likely = GRID**3 * (1 - GRID)
    held = WINDOW.holds(GRID)

    chance = posterior_inside(right, wrong, WINDOW, prior)
    assert chance[0] == pytest.approx(likely[held].sum() / likely.sum())
    assert chance[1] == pytest.approx(held.mean())
    table = StoppingGrid(WINDOW, prior, 6).posterior
    assert table[3, 1] == pytest.approx(chance[0])


def test_large_counts_do_not_underflow():
    prior = np.full(len(GRID), 1 / len(GRID))
    chance = posterior_inside(
        np.array([4000, 0]), np.array([4000, 9000]), WINDOW, prior
    )

    assert chance.tolist() == pytest.approx([1.0, 0.0])


def test_the_policy_is_no_worse_than_any_other_tried():
    """Backward induction against the loss of fixed sizes, under the same prior."""
    prior = fit_prior(*_counts(), WINDOW)
    grid = StoppingGrid(WINDOW, prior, 24)
    cost = 0.002
    best = _loss(grid, grid.stops(cost), cost)
    for size in range(25):
        fixed = np.add.outer(np.arange(25), np.arange(25)) >= size
        assert best <= _loss(grid, fixed, cost) + 1e-12


def _counts() -> tuple[np.ndarray, np.ndarray]:
    right = np.random.default_rng(1).binomial(6, np.linspace(0, 1, 500))
    return right, 6 - right


def _loss(grid: StoppingGrid, stop: np.ndarray, cost: float) -> float:
    """Expected misclassified problems and samples from the start, state by state."""
    reached, loss = {(0, 0): 1.0}, 0.0
    for drawn in range(grid.most + 1):
        ahead: dict[tuple[int, int], float] = {}
        for (right, wrong), share in reached.items():
            if stop[right, wrong] or drawn == grid.most:
                chance = grid.posterior[right, wrong]
                loss += share * (min(chance, 1 - chance) + cost * drawn)
                continue
            up = grid.next_right[right, wrong]
            for state, part in (((right + 1, wrong), up), ((right, wrong + 1), 1 - up)):
                ahead[state] = ahead.get(state, 0.0) + share * part
        reached = ahead
    return loss


@pytest.mark.parametrize("least_round", [1, 300, 5000])
@pytest.mark.parametrize("samples", [10, 100, 1000])
def test_a_round_fits_the_budget(samples, least_round):
    right, wrong = _counts()
    luck = np.random.default_rng(0).random(len(right))
    grid = StoppingGrid(WINDOW, fit_prior(right, wrong, WINDOW), 64)
    more = plan_round(grid, right, wrong, samples, luck, least_round)

    assert more.sum() <= samples
    assert more.any() or samples == 10  # less than one problem may take


def test_a_round_draws_at_once_what_will_be_drawn_anyway():
    """From every state that a round leads to, its policy went on all the way."""
    right, wrong = _counts()
    grid = StoppingGrid(WINDOW, fit_prior(right, wrong, WINDOW), 64)
    stop = grid.stops(0.002)
    guaranteed = grid.guaranteed_samples(stop)
    for r, w in zip(right, wrong, strict=True):
        for drawn in range(guaranteed[r, w]):
            up = np.arange(drawn + 1)
            assert not stop[r + up, w + drawn - up].any()
        last = np.arange(guaranteed[r, w] + 1)
        assert stop[r + last, w + guaranteed[r, w] - last].any()
    assert guaranteed.max() > 1


def test_a_small_round_takes_more_of_each_and_no_more_than_half_of_what_is_expected():
    right, wrong = np.repeat([15, 1], [400, 20]), np.repeat([15, 7], [400, 20])
    grid = StoppingGrid(WINDOW, np.full(len(GRID), 1 / len(GRID)), 64)
    luck = np.zeros(len(right))
    single, several, more = (
        plan_round(grid, right, wrong, 240, luck, least_round=least)
        for least in (1, 105, 10_000)
    )

    assert not single[:400].any()
    assert single[400:].all()
    assert single.sum() < several.sum() <= 240
    assert several.tolist() == more.tolist(), "a quarter of the problems suffices"
    rest = plan_round(grid, right, wrong, 60, luck, least_round=105)
    assert rest.sum() <= 60


def test_with_room_for_everything_all_that_helps_goes_on():
    right, wrong = _counts()
    grid = StoppingGrid(WINDOW, fit_prior(right, wrong, WINDOW), 12)
    more = plan_round(grid, right, wrong, 1e9, np.zeros(len(right)))

    # Six samples more could turn the decision on these, and on no others.
    chance, states = grid.posterior, np.arange(7)
    turns = [
        len({bool(c >= 0.5) for c in chance[r + states, w + 6 - states]}) == 2
        for r, w in zip(right, wrong, strict=True)
    ]
    assert more[turns].all()
    assert any(turns)
    full = plan_round(
        StoppingGrid(WINDOW, grid.prior, 6), right, wrong, 1e9, wrong * 0.0
    )
    assert not full.any()


def test_ends_of_a_window_may_be_open():
    rates = np.array([0.0, 0.5, 1.0])

    assert Window().holds(rates).tolist() == [True, True, True]
    assert Window(lo=0, hi=1, lo_open=True, hi_open=True).holds(rates).tolist() == [
        False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("never", [0.3, 0.7, 1.0])
def test_problems_that_are_never_solved_are_outside_a_window_that_is_open_there(never):
    rng = np.random.default_rng(5)
    window = Window(lo=0, hi=1, lo_open=True, hi_open=True)
    rates = np.where(rng.random(2000) < never, 0.0, rng.random(2000))
    right, wrong = np.zeros(2000, int), np.zeros(2000, int)
    while (left := 9.6 * 2000 - (right + wrong).sum()) >= 1:
        grid = StoppingGrid(window, fit_prior(right, wrong, window), 64)
        more = plan_round(grid, right, wrong, left, rng.random(2000))
        more = np.where(right + wrong < 2, 2, np.minimum(more, 64 - right - wrong))
        if not more.any():
            break
        gained = rng.binomial(more, rates)
        right, wrong = right + gained, wrong + more - gained

    chance = posterior_inside(right, wrong, window, fit_prior(right, wrong, window))
    fixed = rng.binomial(16, rates)
    misclassified = ((chance >= 0.5) != (rates > 0)).mean()
    assert misclassified <= (((fixed > 0) & (fixed < 16)) != (rates > 0)).mean() + 0.002
