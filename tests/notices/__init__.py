"""Notices on real sockets of this machine, with a time that only the test moves."""
