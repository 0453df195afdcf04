"""Recipes and plans: the declaration of a component, and the commands that are derived from it. Pure: uses no network,
disk or compiler."""
