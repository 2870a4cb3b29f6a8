"""What touches the world: landing, ledger, channels, Prefect flows, command line, sandbox."""
