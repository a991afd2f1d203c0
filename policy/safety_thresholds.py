"""Every number the safety rules go by, and why. Chosen with ``python -m bench.alarms``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Multiples and shares are plain numbers, evidence is in nats.

    Evidence ``L`` bounds the chance of chance: at most ``exp(-L)`` for one look at one window.
    """

    estimate_error: float = 0.04
    """Networks credit up to 3 % of first reported spend back (X); a network that keeps to its own
    cap must not be stopped for its estimate of the last hours."""
    hard_overspend: float = 1.1
    """Second rung of the ladder: beyond any estimate's error."""
    near_cap: float = 0.9
    """Below it, what is unreported cannot be told from an ordinary day's end."""
    lead_on_plan: float = 0.1
    """Share of the day cap by which a campaign must be ahead of the traffic plan before the
    unreported counts against the network's own cap: healthy pacers stay within 0.05."""

    half_budget_hour: float = 0.5
    """An hour may cost half of a daily budget only if the same hour did so on earlier days."""
    runaway: float = 4.0
    """Multiple of (traffic plan × over-delivery) in one hour. Late reports put up to six quarter
    hours into one, pacers catch up and traffic is noisy: the worst healthy hour reached 1.9."""
    runaway_volume: float = 0.10
    """…and at least this share of a daily budget: the night's plan is a few impressions."""
    abnormal: float = 2.0
    """Multiple of the same hours of earlier days."""
    abnormal_plan: float = 2.8
    """…and of (traffic plan × over-delivery): what the network may do on a rich day is normal."""
    abnormal_days: float = 2.0
    """Days of history before an hour can be abnormal."""
    enough_impressions: float = 100.0
    """Fewer in an hour say nothing about a rate of spend; one dear impression does not count
    unless it costs half a daily budget."""

    used_early: float = 0.8
    """Share of the daily budget used…"""
    ahead: float = 1.25
    """…at this multiple of the traffic plan × over-delivery; a day that merely goes well, and that
    the network balances within its week, reached 1.1."""
    least_cut: float = 0.1
    most_cut: float = 0.9

    stop_evidence: float = 11.5
    """Needed to stop a campaign on its results: one in 100,000 for one look. About a hundred
    windows a month are independent of each other, and the bound is several times too careful."""
    silence_evidence: float = 8.0
    """Needed to stop for want of any conversion, plus the logarithm of the conversions before:
    each of them began a gap that could have been the long one. Exact, not a bound, so less is
    needed: one in 3,000 for all gaps of a campaign's week together."""
    cut_evidence: float = 9.2
    """Needed to lower a bid or to have a creative checked: one in 10,000."""
    default_cvr: float = 0.01
    """Conversions per click that a campaign without target and history is held to. Half of what
    ads of the simulated market reach: 800 matured clicks without a conversion stop it."""
    plan_shape: float = 25.0
    """A target is a hope: results scatter around it by 20 % (gamma shape 25) without a fault."""
    exact_shape: float = 1e6
    """A limit is a number: only chance excuses results beyond it."""
    history: float = 10.0
    """Conversions (or clicks) of its own after which a campaign is compared with itself."""
    click_scatter: float = 0.02
    """Squared relative scatter of a click rate from day to day without any fault."""
    conversion_scatter: float = 0.04
    """The same of a conversion rate, the network's learning phase included."""
    revenue_scatter: float = 1.0
    """Squared relative scatter of one conversion's value: a shop sells small and large things."""
    usual_traffic: float = 0.5
    """Missing conversions mean something only while clicks keep coming."""
    still_seen: float = 0.1
    """Share of the usual clicks that may still reach our own site from a dead page."""
    outage_history: float = 20.0
    """Conversions after which even a single converting campaign tells of a tracking failure."""

    spike: float = 3.0
    """Multiple of the own average of the week before (CPC, CPA)."""
    least_expected: float = 9.0
    """Clicks or conversions the money should have bought before a price is judged."""
    above_limit: float = 1.2
    below_floor: float = 0.8
    bid_cut: float = 0.3
    ctr_fall: float = 0.5
    least_impressions: float = 2000.0
    """In either of the compared windows: 20 clicks at a click rate of 1 %."""

    errors_an_hour: int = 5
    stale_hours: float = 3.0
    """Networks report within three hours."""
    blind_hours: float = 12.0
    """Half a day of spending unseen is more than any other rule would let pass."""


DEFAULT = Thresholds()
