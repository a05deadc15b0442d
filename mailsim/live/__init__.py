"""The only home of real sockets: the gateway between loopback and the simulated Internet, paced by the wall clock."""
