"""Tests of the surfaces: scenario files, rehearsal, the command line."""
