"""What the tests of a device share: cases, the harness that runs them, plans and networks."""
