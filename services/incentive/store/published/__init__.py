"""Versions of awards for the topic of awards."""
