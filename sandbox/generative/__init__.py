"""Local stand-ins for the services that make pictures and videos: their wire formats, with real
media made on the spot and labelled in their metadata."""

from sandbox.generative import flux, openai, runway

BUILDERS = {"openai": openai.build, "flux": flux.build, "runway": runway.build}
"""By the name each is mounted under."""
