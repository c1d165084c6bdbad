"""Computations against straightforward ones, alone and in the processes that call them."""
