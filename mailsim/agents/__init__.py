"""The actors of RFC 5598 as scripts that read like the dialogues in the RFCs.

An actor is an `async def` that awaits the operations of `operations`: it does not know whether a simulation or a test
performs them. To follow one mail, read in this order:

    mua, outbox         a person presses Send; the client gives the mail to its one server
    msa                 that server asks who it is, and completes what is submitted
    queue, queued_mail  the mail waits, is tried, tried again, and given up in the end
    routing             where to: a mailbox of this host, or the mail exchangers of the domain
    delivery            one attempt: down the list of exchangers, by the failover table of `policy`
    handover            the dialogue in which the next server takes the mail, or does not
    mta                 that next server: for whom it takes mail, and for whom not
    mda                 the last server: into the mailbox
    access_imap, inbox  the mailbox is shown to its owner

`smtp_server` and `reception` are what every server of SMTP and LMTP does alike, `bounce` writes what goes back.
"""
