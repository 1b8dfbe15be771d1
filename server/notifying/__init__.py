"""Telling people: one interface, and a sender for each way. Who is told what is a rule of `geo/telling.py`."""
