"""The HTTP gateway, mostly over a real Temporal server and real records."""
