"""The HTTP gateway: cases for other systems, under `/v1`.

What it is: `app.create_app(services)`, a FastAPI application that keeps no state, so that any
number of copies may run side by side. Each module holds one noun: keys, problems, bodies, masks,
and a router for each part of the API.
What it is not: rules, or a way round them: what is sent goes the way of `surfaces.cases`, as from
the command line.
Who may import it: the commands and the tests.
"""
