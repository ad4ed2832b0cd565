"""The HTTP service: parse the request, call the one Repairer, print the answer."""
