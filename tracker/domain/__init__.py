"""What is true: directives, deadlines, standings. No clock, disk, network, SQL or Prefect."""
