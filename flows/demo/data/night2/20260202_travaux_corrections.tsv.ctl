invoices=32
rows=51
