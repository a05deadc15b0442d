"""The list of all topics: the lessons have one text for each in each language, and a test compares them one to one."""

from __future__ import annotations

ALL_TOPICS: tuple[str, ...] = (
    # people
    "user.send",  # a person presses Send
    "user.read",  # a person opens the mailbox to read
    "user.open",  # a person opens one mail of the list
    "user.flag",  # a person marks a mail
    "user.move",  # a person puts a mail into another folder
    "user.delete",  # a person presses Delete
    "user.expunge",  # a person has deleted mails removed for good
    "mua.list",  # the MUA's list of a folder changes
    "mua.trouble",  # the MUA tells its user what did not work
    "mua.show",  # the MUA puts a message before its user
    # TCP and UDP as programs see them
    "tcp.connect",  # a client sends its first SYN
    "tcp.established",  # the handshake is complete
    "tcp.refused",  # RST to a SYN: the host is up, nothing listens
    "tcp.timeout",  # nobody answered the SYNs: filtered or down
    "tcp.close",  # one side closes in order (FIN) or throws the connection away
    "tcp.lost",  # the connection broke in the middle
    "net.timeout",  # a program waited in vain for bytes
    # TLS
    "tls.start",  # a client sends its ClientHello
    "tls.established",  # from now on everything is encrypted
    "tls.fail.certificate",  # the client does not believe that the server is who it says
    "tls.fail.not-offered",  # the client insists on TLS, and the server has none
    "tls.fail.handshake",  # the two sides found nothing in common, or one of them broke off
    # packets that did not arrive, and why
    "net.drop.loss",  # the link lost it
    "net.drop.filtered",  # a firewall swallowed it silently
    "net.drop.cut",  # a link is cut
    "net.rewrite",  # somebody on a link changed it
    "net.drop.unreachable",  # the host is off, has no such port, or no way leads there
    # packets
    "segment.syn",  # first step of the TCP handshake
    "segment.synack",  # second step
    "segment.ack",  # an acknowledgement without data
    "segment.data",  # bytes of the application
    "segment.fin",  # "I have nothing more to send"
    "segment.rst",  # "there is no such connection"
    "segment.retransmission",  # the same bytes again, for want of an ACK
    "datagram",  # one UDP datagram
    # faults that the scenario planned
    "fault.down",  # a host goes down
    "fault.stopped",  # a service of a host is stopped
    "fault.filtered",  # a firewall starts to swallow packets
    "fault.refused",  # a service stops: connections are refused
    "fault.cut",  # a link is cut
    "fault.slow",  # a link carries less
    "fault.lossy",  # a link loses packets
    "fault.delayed",  # a link takes longer
    "fault.dns-silent",  # a DNS server says nothing any more
    "fault.dns-servfail",  # a DNS server cannot answer
    "fault.closed",  # a server closes the connection after a command
    "fault.reply-lost",  # a server obeys, and its reply is lost
    "fault.reply",  # a server says something else than it would
    "fault.disk-full",  # no room for another mail
    "fault.over-quota",  # a mailbox is full
    "fault.certificate-expired",  # a host's certificate runs out
    "fault.starttls-stripped",  # an attacker on a link takes STARTTLS away
    "fault.hit",  # the fault shows
    "fault.end",  # a fault is over
    "zone.change",  # the operator of a zone changes it
    # security
    "auth.ok",  # the server believes who the user is
    "auth.fail",  # it does not
    "policy.verdict",  # a policy was asked (relay rule, filter, ...)
    # routing
    "route.local",  # the recipient's domain is served here
    "route.mx",  # the MX records chose the next host
    "route.implicit-mx",  # no MX: the domain's own address stands in
    "route.smarthost",  # everything goes to one configured host
    "route.static",  # a configured exception for this domain
    "route.literal",  # the address itself names an IP address
    "route.none",  # there is no way: the mail cannot be delivered
    # failover: the candidate did not take the mail
    "failover.refused",  # connection refused
    "failover.timeout",  # nobody answered
    "failover.unreachable",  # no route to the address, or no host has it
    "failover.tls",  # no TLS, and this server does not want to do without
    "failover.no-address",  # the MX name has no address
    "failover.greeting-4yz",  # "not now" as the greeting
    "failover.greeting-5yz",  # "no service here" as the greeting
    "failover.dropped",  # the connection broke in the session
    "failover.reply-4yz",  # "not now" to a command
    "failover.reply-5yz",  # "never" to a command: no other MX is asked
    # the queue
    "queue.add",  # the server takes responsibility for a recipient
    "queue.try",  # a delivery attempt begins
    "queue.defer",  # the attempt failed for now; another will follow
    "queue.expire",  # too long in the queue
    "queue.done.relayed",  # the next server has taken over
    "queue.done.delivered",  # final delivery succeeded
    "queue.done.bounced",  # given up; the sender is told
    "queue.done.discarded",  # thrown away by policy
    # final delivery and the message store
    "mda.deliver",  # the MDA writes the mail into a mailbox
    "mda.reject",  # the MDA cannot deliver
    "store.add",  # a message is new in a folder
    "store.flag",  # flags of a message changed
    "store.expunge",  # a message is gone for good
    "store.create",  # a mailbox has a new folder
    "store.delete",  # a folder is gone
    "store.rename",  # a folder has another name
    "dsn.make",  # a server writes a delivery status notification
    # SMTP, what the client says
    "smtp.ehlo",  # who I am, and which extensions do you have?
    "smtp.helo",  # the same without extensions
    "smtp.mail",  # begin a transaction: where reports go
    "smtp.mail.null",  # MAIL FROM:<>: a report, to which nobody may report back
    "smtp.rcpt",  # one recipient of the envelope
    "smtp.data",  # "the content comes next"
    "smtp.bdat",  # the message, or a part of it, in a counted chunk
    "smtp.content",  # the message itself
    "smtp.auth",  # begin to log in
    "smtp.auth.response",  # the client's turn while logging in
    "smtp.starttls",  # begin encryption
    "smtp.rset",  # forget the transaction
    "smtp.quit",  # goodbye
    "smtp.other",  # any other command: NOOP, VRFY, HELP, or none of SMTP
    # SMTP, what the server says
    "smtp.greet",  # 220: the server speaks first
    "smtp.greet.refused",  # 4yz or 5yz instead of 220
    "smtp.reply.ehlo",  # the list of extensions
    "smtp.reply.2yz",  # done
    "smtp.reply.taken",  # 250 to the content: the server is responsible now
    "smtp.reply.authenticated",  # 235: logged in
    "smtp.reply.challenge",  # 334: go on logging in
    "smtp.reply.354",  # go ahead with the content
    "smtp.reply.221",  # goodbye from the server
    "smtp.reply.4yz",  # not now, try later
    "smtp.reply.421",  # not now, and the connection closes
    "smtp.reply.5yz",  # no, and do not try again
    # LMTP
    "lmtp.greet",  # the MDA speaks first
    "lmtp.lhlo",  # EHLO of LMTP
    "lmtp.envelope",  # MAIL, RCPT, DATA: as in SMTP
    "lmtp.content",  # the message itself
    "lmtp.other",  # QUIT, RSET, NOOP
    "lmtp.reply.2yz",  # done
    "lmtp.reply.delivered",  # one 250 for each recipient after the content
    "lmtp.reply.354",  # go ahead with the content
    "lmtp.reply.4yz",  # not now: the MTA keeps it in its queue
    "lmtp.reply.5yz",  # no: the MTA bounces
    # DNS questions
    "dns.query.mx",  # which hosts take mail for this domain?
    "dns.query.a",  # which IPv4 address has this name?
    "dns.query.aaaa",  # which IPv6 address?
    "dns.query.txt",  # text, such as SPF
    "dns.query.ptr",  # which name has this address?
    "dns.query.other",  # any other type: NS, SOA, CNAME, ...
    # DNS answers
    "dns.answer.mx",  # the MX records
    "dns.answer.address",  # A or AAAA records
    "dns.answer.alias",  # a CNAME stands at that name
    "dns.answer.other",  # records of another type
    "dns.answer.cached",  # the resolver remembers
    "dns.answer.referral",  # "ask those who are in charge"
    "dns.answer.nodata",  # the name exists, without such a record
    "dns.answer.nxdomain",  # the name does not exist
    "dns.answer.servfail",  # the resolver could not find out
    "dns.answer.refused",  # the server does not want to answer, or cannot
    "dns.answer.truncated",  # too long for UDP: ask again over TCP
    # POP3
    "pop.greet",  # the server speaks first
    "pop.user",  # who I am
    "pop.pass",  # my password
    "pop.apop",  # who I am, and a proof that I know the password
    "pop.auth",  # begin to log in with a mechanism
    "pop.auth.response",  # the client's turn while logging in
    "pop.stls",  # begin encryption
    "pop.capa",  # which extensions do you have?
    "pop.stat",  # how many messages, how many bytes?
    "pop.list",  # the size of each message
    "pop.uidl",  # a lasting name of each message
    "pop.retr",  # fetch a whole message
    "pop.top",  # fetch the header and a few lines
    "pop.dele",  # mark for deletion
    "pop.rset",  # take back the marks
    "pop.quit",  # do the deletions and close
    "pop.other",  # any other command: NOOP, or none of POP3
    "pop.reply.ok",  # +OK
    "pop.reply.err",  # -ERR
    "pop.reply.challenge",  # + : go on logging in
    "pop.reply.message",  # +OK and the message itself
    # IMAP, what the client says
    "imap.login",  # who I am (LOGIN, AUTHENTICATE)
    "imap.auth.response",  # the client's turn while logging in
    "imap.starttls",  # begin encryption
    "imap.capability",  # what can you do?
    "imap.list",  # which folders are there? (LIST, LSUB)
    "imap.select",  # open a folder
    "imap.examine",  # open a folder only for reading
    "imap.status",  # numbers of a folder without opening it
    "imap.fetch",  # parts of messages, exactly what is wanted
    "imap.store",  # change flags
    "imap.search",  # which messages match?
    "imap.expunge",  # remove what has \Deleted
    "imap.append",  # put a message into a folder
    "imap.noop",  # anything new?
    "imap.logout",  # goodbye
    "imap.literal",  # the bytes that a command announced
    "imap.other",  # any other command: folders, copies, CLOSE, IDLE, or none of IMAP
    # IMAP, what the server says
    "imap.greet",  # the server speaks first
    "imap.continue",  # + : go on
    "imap.untagged.capability",  # what the server can do
    "imap.untagged.list",  # one folder
    "imap.untagged.flags",  # which flags the folder knows
    "imap.untagged.exists",  # how many messages are there, how many are recent
    "imap.untagged.fetch",  # data of one message
    "imap.untagged.search",  # which messages matched
    "imap.untagged.status",  # numbers of a folder
    "imap.untagged.expunge",  # a message is gone, numbers move up
    "imap.untagged.ok",  # a remark, often with a code such as UIDVALIDITY
    "imap.untagged.bye",  # the server closes
    "imap.untagged.other",  # any other untagged response
    "imap.tagged.ok",  # the command is done
    "imap.tagged.no",  # the command was refused
    "imap.tagged.bad",  # the server did not understand
    "other",  # an event that has no topic of its own
)
