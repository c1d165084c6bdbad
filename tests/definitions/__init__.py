"""Tests of the language: from bytes to a proven model."""
