"""Tests that the rules are named, and that what names them matters."""
