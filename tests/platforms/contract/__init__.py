"""One contract, every network: the same tests over each adapter and its stand-in, over HTTP."""
