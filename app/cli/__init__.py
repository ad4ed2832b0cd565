"""The command ``mt-repair``: parse the arguments, call the one Repairer, print the answer."""
