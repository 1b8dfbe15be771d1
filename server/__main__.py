"""`python -m server` is the `phuongso` command."""

from server.cli import main

main(prog_name="phuongso")
