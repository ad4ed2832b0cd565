"""Many requests at once: who may come in, in which order, and how they share the network."""
