"""Recipes and plans: what a component declares, and the commands that turns into. Pure:
no network, disk or compiler."""
