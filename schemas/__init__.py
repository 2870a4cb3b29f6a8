"""What is valid: XSD gate, Chorus Pro rules, policies per target, explanations."""
