"""The outbound feed as other systems take it: what a row says to them, and webhooks.

What it is: rows without personal fields, CloudEvents, subscriptions and their delivery. The rows
and the state of deliveries are in the records.
Who may import it: the surfaces and the composition.
"""
