"""Small slips, made by machine in the rules, that their tests have to catch: `python -m tools.mutate [MODULE ...]`."""
