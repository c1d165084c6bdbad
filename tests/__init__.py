"""The checks, laid out as the packages that they check."""
