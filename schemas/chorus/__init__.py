"""Chorus Pro's own rules for a direct deposit: identifiers, codes, lengths, figures."""
