"""The ways out: one module for each kind of channel, each with a `send` and two kinds of failure.

What it is not: choice of recipients, words, rates or retries; those stand around it.
Who may import it: the notices package and compositions.
"""
