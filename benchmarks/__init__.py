"""Measurements beside yardsticks: ratios and counts, no promises in milliseconds."""
