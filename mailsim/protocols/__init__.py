"""Protocols without I/O: bytes in, typed values out, and back; no clock, no socket, no SimPy."""
