invoices=1489
rows=2790
