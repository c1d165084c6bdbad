"""Tests of the durable shell, on a real Temporal server with real records."""
