"""The actors of RFC 5598 as scripts that read like the dialogues in the RFCs."""
