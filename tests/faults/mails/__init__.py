"""Mails of strangers, through real mail servers, into a house that is killed while they come: none lost, none twice."""
