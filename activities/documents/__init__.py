"""Documents: forms filled in from a case, printed as PDF and archived.

What it is: `paper.pdf` makes the bytes (values to words, words to lines, lines to pages, pages to
PDF, each a module), `activity` archives them.
What it is not: what stands in a document; the core has decided that.
Who may import it: the composition takes the activity; tests and surfaces may print.
"""
