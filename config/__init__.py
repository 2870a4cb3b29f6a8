"""Typed settings, extract profiles, code tables, target policies and the texts of findings."""
