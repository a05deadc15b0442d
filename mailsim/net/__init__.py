"""The simulated network: the only home of SimPy. Scripts run here, packets travel here."""
