invoices=2
rows=5
