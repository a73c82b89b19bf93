"""Journeys of enquiries through all four services, told as stories."""
