"""The table of helpdesks is chalicelib/helpdesks.py, for the desk reads it too."""

from chalicelib.helpdesks import HELPDESKS, Frame, Helpdesk, Noise

__all__ = ["HELPDESKS", "Frame", "Helpdesk", "Noise"]
