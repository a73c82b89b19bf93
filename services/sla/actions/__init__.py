"""What sla can do. Each action reads, decides, writes, then says so."""
