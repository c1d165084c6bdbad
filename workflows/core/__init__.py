"""The rules: (process, case, event, now) -> (case, effects). Pure: imports definitions only."""
