"""A simulated advertising market: pure, seeded, importing nothing of ours.

The recipe: diurnal traffic, second-price auctions against lognormal competing bids, click
rates that wear out with user frequency, delayed conversions, and reports that arrive late and
are restated. Every draw depends only on (seed, object id, time slot).
"""
