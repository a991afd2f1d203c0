"""The simulated market: pure and seeded; draws depend only on seed, object and time slot."""
