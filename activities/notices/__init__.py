"""Notices: from a role to people and their channels, claimed before they are sent.

What it is: the directory of people, the channels, their rates, the words, and the notifier that
puts them together. What it is not: the decision that somebody is to be told (the core's), nor the
storage of the marks (`activities.ledger` is the protocol). Who may import it: compositions.
"""
