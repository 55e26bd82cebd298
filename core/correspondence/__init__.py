"""Held drafts of e-mails to clients: adopted by an advisor, reviewed by a principal, sent by nobody."""
