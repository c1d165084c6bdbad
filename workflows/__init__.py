"""The durable shell: waits for an event or the next wake-up, decides, runs the effects."""
