"""The demo: a real server, worker, mailbox and robot room, and two cases whose days are skipped."""
