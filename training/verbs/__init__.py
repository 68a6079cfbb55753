"""The verbs of ``python -m training``, one per file.

A verb's file is named after it (``fit_nano.py`` for ``fit-nano``). The first line of its docstring
is its help, ``add(parser)`` gives its options, ``run(options)`` returns the exit status. Heavy
imports stay inside ``run``.
"""
