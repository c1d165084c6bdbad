"""A seeded simulation of the durable shell on a real server, judged by the pure core."""
