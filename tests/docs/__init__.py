"""Tests that the pages under `docs/` say what is true."""
