invoices=603
rows=813
