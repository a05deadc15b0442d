"""What travels and where it rests: addresses, envelopes, header fields, messages, bounces, mailboxes; pure values."""
