"""Tests of the pure core: no network, no database, no server."""
