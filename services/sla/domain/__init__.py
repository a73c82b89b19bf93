"""The rules of sla: what is heard becomes facts, facts are folded into clocks, and clocks into lines of the ledger."""
