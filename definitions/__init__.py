"""The language: a process text in, a frozen and proven model out; imports no other part."""
