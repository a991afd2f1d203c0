"""Creatives without a campaign: a folder of everything an article's ads could show and say."""
