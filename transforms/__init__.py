"""Pure functions: bytes to rows, rows to invoices, invoices to XML, return flows to facts."""
