"""The databases of the records' tests, and a post that is watched."""

from tests.records.conftest import _counter, empty_url, outside, postgres, records

__all__ = ["_counter", "empty_url", "outside", "postgres", "records"]
