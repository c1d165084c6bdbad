"""Tests of the outbound feed."""
