"""The command line `keras-magvit`: one file a command.

A command is a module with `NAME`, `SUMMARY`, `EXAMPLES`, `add_arguments(parser)` and
`run(arguments, console)`. Keras is imported by `run` alone, after `--backend` has been
read, so that help appears at once.
"""
