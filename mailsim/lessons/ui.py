"""The words of the stepper, in English and Czech: one table, and plurals by the rules of each language.

A message with several forms separates them by `|`: two in English (one, other), three in Czech (one, few,
other: CLDR plural rules), chosen by the value called `n`.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailsim.lessons.languages import LANGUAGE_NAMES, LANGUAGES, language_of, number, plural
from mailsim.lessons.ui_hand import HAND
from mailsim.lessons.ui_sheets import SHEETS

__all__ = ["LANGUAGES", "LANGUAGE_NAMES", "MESSAGES", "Words"]


class Words:
    """The messages in one language: `words("step", i=3, n=59)`; any language that is not Czech is English."""

    def __init__(self, language: str) -> None:
        self.language = language_of(language)
        self._column = LANGUAGES.index(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """The message with its values filled in. Raises: KeyError for a key that nobody wrote."""
        message = MESSAGES[key][self._column]
        n = values.get("n")
        if isinstance(n, int | float):
            message = plural(self.language, message, n)
        return message.format_map(values) if values else message

    def knows(self, key: str) -> bool:
        """Whether there is such a message."""
        return key in MESSAGES

    def number(self, value: float, digits: int) -> str:
        """A decimal number as the language writes it: `0.404`, `0,404`."""
        return number(self.language, value, digits)

    def span(self, seconds: int) -> str:
        """Whole seconds as a short span: `45 s`, `59:59`, `6:12:00`, `6 d 23:10:00`."""
        days, seconds = divmod(max(0, seconds), 86_400)
        hours, minutes = divmod(seconds // 60, 60)
        if days or hours:
            clock = f"{hours}:{minutes:02}:{seconds % 60:02}"
            return f"{days} d {clock}" if days else clock
        return f"{minutes}:{seconds % 60:02}" if minutes else f"{seconds} s"

    def duration(self, microseconds: int) -> str:
        """A span of simulated time: seconds, or hours, minutes and seconds from a minute on."""
        seconds, rest = divmod(microseconds, 1_000_000)
        if seconds < 60:
            return f"{self.number(microseconds // 1000 / 1000, 3)} s"
        hours, minutes = divmod(seconds // 60, 60)
        fraction = self.number(seconds % 60 + rest // 1000 / 1000, 3)
        return f"{hours}:{minutes:02}:{fraction:0>6}"


MESSAGES: Mapping[str, tuple[str, str]] = {
    **SHEETS,
    **HAND,
    # header, NOW bar
    "playing": ("> play {speed}", "> běží {speed}"),
    "paused": ("|| pause", "|| pauza"),
    "step": ("step {i}/{n}", "krok {i}/{n}"),
    "stage": ("{i}/{n} {name}", "{i}/{n} {name}"),
    "simplified": ("Simplified", "Zjednodušeno"),
    "level.story": ("story", "příběh"),
    "level.dialogue": ("dialogue", "dialog"),
    "level.packet": ("packet", "pakety"),
    "now.start": ("Before the first step. Press n.", "Před prvním krokem. Stiskněte n."),
    "sign.ok": ("+ ok", "+ ok"),
    "sign.more": ("> go on", "> pokračuj"),
    "sign.later": ("~ try later", "~ zkus později"),
    "sign.failed": ("x failed", "x selhalo"),
    # panes
    "palette.hint": ("what do you want to do?", "co chcete udělat?"),
    "pane.map": ("Map", "Mapa"),
    "pane.ladder": ("Ladder", "Žebřík"),
    "pane.wire": ("Wire", "Drát"),
    "pane.mail": ("Mail", "Zpráva"),
    "pane.dns": ("DNS", "DNS"),
    "pane.queues": ("Queues", "Fronty"),
    "pane.bytes": ("Bytes", "Bajty"),
    "pane.explain": ("What happens?", "Co se děje?"),
    "pane.why": ("Why?", "Proč?"),
    "map.hidden": ("+{n} more", "+{n} další|+{n} další|+{n} dalších"),
    "map.small": ("The map needs more room: z", "Mapa potřebuje víc místa: z"),
    "ladder.servers": ("DNS x{n}", "DNS x{n}"),
    "explain.responsible": ("Who is responsible for the mail now?", "Kdo teď za zprávu odpovídá?"),
    "explain.nobody": ("nobody yet", "zatím nikdo"),
    "explain.delivered": ("delivered", "doručeno"),
    "explain.simplified": ("Simplified in this run:", "V tomto běhu zjednodušeno:"),
    "explain.objective": ("You will learn:", "Naučíte se:"),
    "why.hint": ("up/down choose, Enter jumps, Esc closes", "šipky vybírají, Enter skočí, Esc zavře"),
    "mail.none": ("No mail has been sent yet.", "Zatím nikdo nic neposlal."),
    "mail.envelope": ("ENVELOPE", "OBÁLKA"),
    "mail.envelope.note": ("read by servers", "čtou servery"),
    "mail.header": ("HEADER", "HLAVIČKA"),
    "mail.header.note": ("read by people", "čtou lidé"),
    "mail.body": ("BODY", "TĚLO"),
    "mail.added": ("+ added by servers since it was sent", "+ přidaly servery od odeslání"),
    "mail.hidden": ("not in the header", "v hlavičce není"),
    "mail.part": ("{kind}, {n} byte|{kind}, {n} bytes", "{kind}, {n} bajt|{kind}, {n} bajty|{kind}, {n} bajtů"),
    "dns.none": ("No question has been asked yet.", "Zatím se nikdo na nic neptal."),
    "dns.order": ("newest question first", "nejnovější dotaz je nahoře"),
    "dns.waiting": ("waiting for the answer", "čeká na odpověď"),
    "queue.none": ("All queues are empty.", "Všechny fronty jsou prázdné."),
    "queue.next": ("next try in {time}", "další pokus za {time}"),
    "queue.attempts": ("{n} attempt|{n} attempts", "{n} pokus|{n} pokusy|{n} pokusů"),
    "queue.trying": ("being tried now", "právě se zkouší"),
    "queue.waiting": ("waits", "čeká"),
    "queue.deferred": ("put off", "odloženo"),
    "queue.expired": ("expired", "vypršelo"),
    "queue.of": ("Queue of {node}", "Fronta {node}"),
    "mailbox.of": ("Mailbox {mailbox}", "Schránka {mailbox}"),
    "mailbox.count": (
        "{folder}: {n} message, unread: {unseen}|{folder}: {n} messages, unread: {unseen}",
        "{folder}: {n} zpráva, nepřečtených: {unseen}|{folder}: {n} zprávy, nepřečtených: {unseen}"
        "|{folder}: {n} zpráv, nepřečtených: {unseen}",
    ),
    "queue.reason": ("because: {reason}", "protože: {reason}"),
    "bytes.none": ("This step puts no bytes on the wire.", "Tento krok nic neposílá po drátě."),
    "bytes.count": ("{n} byte|{n} bytes", "{n} bajt|{n} bajty|{n} bajtů"),
    # the ends and other remarks
    "end.first": ("This is the start. n goes on.", "Tady je začátek. Dál: n."),
    "end.last": ("This is the end. g goes to the start, p back.", "Tady je konec. Na začátek: g, zpět: p."),
    "end.stage.first": ("This is the first stage.", "Tohle je první etapa."),
    "end.stage.last": ("This is the last stage.", "Tohle je poslední etapa."),
    "quit.again": ("Press q once more to quit.", "Ještě jednou q a program skončí."),
    "quit.how": ("To quit press q twice.", "Program ukončíte dvojím stiskem q."),
    "level.now": ("Zoom: {level}", "Přiblížení: {level}"),
    "speed.now": ("Speed {speed}", "Rychlost {speed}"),
    "theme.now": ("Theme: {theme}", "Barvy: {theme}"),
    "theme.mailsim-dark": ("dark", "tmavé"),
    "theme.mailsim-light": ("light", "světlé"),
    "theme.mailsim-contrast": ("high contrast", "vysoký kontrast"),
    "language.now": ("English", "Česky"),
    "future.on": ("The future is shown.", "Budoucnost je vidět."),
    "future.off": ("The future is hidden.", "Budoucnost je skrytá."),
    "bookmark.set": ("Bookmark at step {i}.", "Záložka v kroku {i}."),
    "bookmark.gone": ("Bookmark at step {i} removed.", "Záložka v kroku {i} zrušena."),
    "bookmark.none": ("No bookmark yet: b sets one.", "Zatím žádná záložka: nastaví ji klávesa b."),
    "find.prompt": ("find: ", "hledat: "),
    "find.hint": ("words, or a kind such as smtp.reply", "slova nebo druh, třeba smtp.reply"),
    "find.none": ("Nothing found: {what}", "Nenalezeno: {what}"),
    "find.wrapped": ("Found from the other end: {what}", "Nalezeno od druhého konce: {what}"),
    "find.first": ("Find something first: /", "Nejdřív něco hledejte: /"),
    "goto.prompt": ("go to: ", "přejít na: "),
    "goto.hint": (
        "step 12, time t12.5, stage s3, or a kind such as dns.query",
        "krok 12, čas t12.5, etapa s3 nebo druh, třeba dns.query",
    ),
    "goto.none": ("There is no such place: {what}", "Takové místo tu není: {what}"),
    "copied": (
        "Copied: {n} line|Copied: {n} lines",
        "Zkopírován {n} řádek|Zkopírovány {n} řádky|Zkopírováno {n} řádků",
    ),
    "copied.nothing": ("There is nothing to copy at this step.", "V tomto kroku není co kopírovat."),
    "saved": ("Saved: {path}", "Uloženo: {path}"),
    "save.failed": ("Not saved: {problem}", "Neuloženo: {problem}"),
    "crash": (
        "mailsim has made a mistake and had to stop. Please start it again.",
        "V programu mailsim je chyba, a proto skončil. Spusťte ho prosím znovu.",
    ),
    "crash.step": (
        "You were at step {i}: a colon and its number lead back there.",
        "Byli jste v kroku {i}: zpátky vás dovede dvojtečka a jeho číslo.",
    ),
    "crash.report": (
        "What happened is in {path}; please send it to us.",
        "Co se stalo, je v souboru {path}; pošlete nám ho prosím.",
    ),
    "small": ("Please make the terminal larger", "Zvětšete prosím okno terminálu"),
    "small.size": ("{width} x {height}, needed: 60 x 18", "{width} x {height}, potřeba: 60 x 18"),
    "node.card": ("{name}  {addresses}", "{name}  {addresses}"),
    # help
    "help.title": ("Help: stepping through {scenario}", "Nápověda: krokování {scenario}"),
    "help.close": ("? or Esc closes", "? nebo Esc zavře"),
    "help.mouse": (
        "Mouse: click the timeline, a ladder row, a wire line, a node, a tab or the key bar.",
        "Myš: klikněte na časovou osu, řádek žebříku, řádek drátu, uzel, kartu nebo lištu s klávesami.",
    ),
    "help.select": (
        "With Shift held, the mouse selects text as in any terminal.",
        "S podrženým Shiftem myš vybírá text jako v každém terminálu.",
    ),
    "help.shapes": ("Shapes", "Tvary"),
    "help.shape.solid": ("command or query", "příkaz nebo dotaz"),
    "help.shape.dashed": ("reply or answer", "odpověď"),
    "help.shape.double": ("data of a message", "data zprávy"),
    "help.shape.dot": ("something inside one host", "něco uvnitř jednoho stroje"),
    "help.shape.badge": ("who is responsible for the mail", "kdo za zprávu odpovídá"),
    "group.stepping": ("Stepping", "Krokování"),
    "group.finding": ("Finding", "Hledání"),
    "group.view": ("View", "Zobrazení"),
    "group.other": ("Other", "Ostatní"),
    # actions: long for the help and the palette, short for the key bar
    "do.next": ("next step", "další krok"),
    "do.back": ("step back", "krok zpět"),
    "do.next_stage": ("next stage", "další etapa"),
    "do.previous_stage": ("previous stage", "předchozí etapa"),
    "do.play": ("play, pause", "přehrát, pauza"),
    "do.faster": ("faster", "rychleji"),
    "do.slower": ("slower", "pomaleji"),
    "do.start": ("to the start", "na začátek"),
    "do.end": ("to the end", "na konec"),
    "do.goto": ("go to a step, a time, a kind", "přejít na krok, čas, druh"),
    "do.find": ("find", "hledat"),
    "do.next_match": ("next match", "další nález"),
    "do.previous_match": ("previous match", "předchozí nález"),
    "do.bookmark": ("set or remove a bookmark", "nastavit nebo zrušit záložku"),
    "do.next_bookmark": ("next bookmark", "další záložka"),
    "do.map": ("map", "mapa"),
    "do.ladder": ("ladder", "žebřík"),
    "do.wire": ("wire", "drát"),
    "do.mail": ("mail", "zpráva"),
    "do.dns": ("DNS", "DNS"),
    "do.queues": ("queues", "fronty"),
    "do.bytes": ("bytes", "bajty"),
    "do.zoom_pane": ("one pane large, and back", "zvětšit jeden panel a zpět"),
    "do.zoom_level": ("story, dialogue, packet", "příběh, dialog, pakety"),
    "do.why": ("why? the causes of this step", "proč? příčiny tohoto kroku"),
    "do.future": ("show or hide the future", "ukázat nebo skrýt budoucnost"),
    "do.scroll_up": ("scroll the pane up", "posunout panel nahoru"),
    "do.scroll_down": ("scroll the pane down", "posunout panel dolů"),
    "do.explain_up": ("scroll the explanation up", "posunout vysvětlení nahoru"),
    "do.explain_down": ("scroll the explanation down", "posunout vysvětlení dolů"),
    "do.jump": ("jump to the chosen cause", "skočit na vybranou příčinu"),
    "do.language": ("language: English, Czech", "jazyk: čeština, angličtina"),
    "do.theme": ("theme: dark, light, high contrast", "barvy: tmavé, světlé, vysoký kontrast"),
    "do.copy": ("copy the wire lines of this step", "zkopírovat řádky tohoto kroku"),
    "do.screenshot": ("save the step: picture or text", "uložit krok: obrázek nebo text"),
    "do.help": ("help", "nápověda"),
    "do.palette": ("command palette", "paleta příkazů"),
    "do.escape": ("back one level", "o úroveň zpět"),
    "do.quit": ("quit (twice)", "konec (dvakrát)"),
    "bar.next": ("next", "další"),
    "bar.back": ("back", "zpět"),
    "bar.play": ("play", "přehrát"),
    "bar.pause": ("pause", "pauza"),
    "bar.stage": ("stage", "etapa"),
    "bar.find": ("find", "hledat"),
    "bar.goto": ("go to", "přejít"),
    "bar.why": ("why", "proč"),
    "bar.zoom_level": ("zoom", "přiblížit"),
    "bar.bookmark": ("mark", "záložka"),
    "bar.start": ("|<", "|<"),
    "bar.end": (">|", ">|"),
    "bar.zoom_pane": ("enlarge", "zvětšit"),
    "bar.future": ("future", "budoucnost"),
    "bar.language": ("česky", "English"),
    "bar.help": ("help", "nápověda"),
    "bar.quit": ("quit", "konec"),
    "bar.jump": ("jump", "skočit"),
    "bar.close": ("close", "zavřít"),
    # facts, one line each; names in braces are fields of the event
    "fact.user.send": ("{who} sends a mail", "{who} odesílá zprávu"),
    "fact.user.read": ("{who} opens the mailbox", "{who} otevírá schránku"),
    "fact.user.open": ("{who} opens: {detail}", "{who} otevírá: {detail}"),
    "fact.user.flag": ("{who} marks: {detail}", "{who} označuje: {detail}"),
    "fact.user.move": ("{who} moves: {detail}", "{who} přesouvá: {detail}"),
    "fact.user.delete": ("{who} deletes: {detail}", "{who} maže: {detail}"),
    "fact.user.expunge": ("{who} empties: {detail}", "{who} vysypává: {detail}"),
    "fact.mua.list": ("list of {folder}: {count}", "seznam {folder}: {count}"),
    "fact.user.action": ("{who}: {action}", "{who}: {action}"),
    "fact.mua.show": ("{who} reads: {subject}", "{who} čte: {subject}"),
    "fact.tcp.connect": ("TCP connect {dst} port {port}", "spojení TCP na {dst} port {port}"),
    "fact.tcp.established": ("TCP connected", "spojení TCP navázáno"),
    "fact.tcp.refused": ("connection refused by {dst} port {port}", "{dst} odmítl spojení na port {port}"),
    "fact.tcp.timeout": (
        "no answer from {dst} port {port} for {waited}",
        "{dst} port {port}: {waited} bez odpovědi",
    ),
    "fact.tcp.close": ("closes the connection", "zavírá spojení"),
    "fact.tcp.lost": ("the connection broke", "spojení se přerušilo"),
    "fact.tls.start": ("TLS begins, for {server_name}", "začíná TLS, pro {server_name}"),
    "fact.tls.established": ("encrypted: {version}", "šifrováno: {version}"),
    "fact.tls.fail": ("no TLS: {reason}", "TLS se nezdařilo: {reason}"),
    "fact.net.timeout": ("waited {waited} in vain", "marné čekání: {waited}"),
    "fact.net.drop": ("packet to {dst} port {port} lost: {reason}", "paket pro {dst} port {port} zmizel: {reason}"),
    "fact.net.rewrite": ("changed on the way: {before} -> {after}", "cestou změněno: {before} -> {after}"),
    "fact.fault.start": ("fault begins: {target} {what}", "porucha začíná: {target} {what}"),
    "fact.fault.end": ("fault is over: {target} {what}", "porucha končí: {target} {what}"),
    "fact.fault.hit": ("the fault shows: {target} {what}", "porucha se projevuje: {target} {what}"),
    "fact.zone.change": ("the zone {zone} is now version {serial}", "zóna {zone} má teď verzi {serial}"),
    "fact.auth.ok": ("{user} is logged in", "přihlášení přijato: {user}"),
    "fact.auth.fail": ("{user} is not let in", "přihlášení odmítnuto: {user}"),
    "fact.policy.verdict.inbox": ("cannot read: {detail}", "čtení se nepodařilo: {detail}"),
    "fact.policy.verdict.outbox": ("cannot send: {detail}", "odeslání se nepodařilo: {detail}"),
    "fact.policy.verdict": ("{check}: {result} {detail}", "{check}: {result} {detail}"),
    "fact.route.decide.local": ("{rcpt} is local here", "{rcpt} je tady doma"),
    "fact.route.decide.none": ("no way to {rcpt}: {reason}", "k {rcpt} nevede cesta: {reason}"),
    "fact.route.decide": ("next hop for {rcpt}: {hosts}", "další server pro {rcpt}: {hosts}"),
    "fact.route.failover.next_address": (
        "{host} ({address}) did not take it: try its next address",
        "{host} ({address}) zprávu nepřevzal: zkusit jeho další adresu",
    ),
    "fact.route.failover.next_mx": (
        "{host} ({address}) did not take it: try the next MX",
        "{host} ({address}) zprávu nepřevzal: zkusit další MX",
    ),
    "fact.route.failover.queue": (
        "{host} ({address}) did not take it: keep it in the queue",
        "{host} ({address}) zprávu nepřevzal: nechat ve frontě",
    ),
    "fact.route.failover.bounce": (
        "{host} ({address}) refused for good: bounce",
        "{host} ({address}) odmítl natrvalo: vrátit odesílateli",
    ),
    "fact.queue.add": ("{qid}: in the queue for {rcpt}", "{qid}: ve frontě pro {rcpt}"),
    "fact.queue.try": ("{qid}: attempt {n} for {rcpt}", "{qid}: pokus {n} pro {rcpt}"),
    "fact.queue.defer": (
        "{qid}: attempt {n} failed, next at {next}",
        "{qid}: pokus {n} neuspěl, další v {next}",
    ),
    "fact.queue.expire": ("{qid}: too long in the queue", "{qid}: ve frontě už příliš dlouho"),
    "fact.queue.done.relayed": ("{qid}: handed over to {next_hop}", "{qid}: předáno na {next_hop}"),
    "fact.queue.done.delivered": ("{qid}: delivered to {rcpt}", "{qid}: doručeno pro {rcpt}"),
    "fact.queue.done.bounced": ("{qid}: given up, the sender is told", "{qid}: vzdáno, odesílatel se to dozví"),
    "fact.queue.done.discarded": ("{qid}: thrown away", "{qid}: zahozeno"),
    "fact.mda.deliver": ("into the mailbox {mailbox}, folder {folder}", "do schránky {mailbox}, složka {folder}"),
    "fact.mda.reject": ("not delivered: {code} {reason}", "nedoručeno: {code} {reason}"),
    "fact.store.add": ("stored: {mailbox} {folder}, UID {uid}", "uloženo: {mailbox} {folder}, UID {uid}"),
    "fact.store.flag": ("flags of {mailbox} {folder} {uid}: {flags}", "příznaky {mailbox} {folder} {uid}: {flags}"),
    "fact.store.expunge": ("removed: {mailbox} {folder}, UID {uid}", "odstraněno: {mailbox} {folder}, UID {uid}"),
    "fact.store.create": ("new folder: {mailbox} {folder}", "nová složka: {mailbox} {folder}"),
    "fact.store.delete": ("folder deleted: {mailbox} {folder}", "složka smazána: {mailbox} {folder}"),
    "fact.store.rename": ("{mailbox}: folder {folder} is now {to}", "{mailbox}: složka {folder} je nyní {to}"),
    "fact.dsn.make": ("report about {rcpt}: {action} {status}", "hlášení o {rcpt}: {action} {status}"),
    # the plain mode
    "plain.hello": (
        "{title}. {n} step. Enter: next. b: back. q: quit.|{title}. {n} steps. Enter: next. b: back. q: quit.",
        "{title}. {n} krok. Enter: další. b: zpět. q: konec.|{title}. {n} kroky. Enter: další. b: zpět. q: konec."
        "|{title}. {n} kroků. Enter: další. b: zpět. q: konec.",
    ),
    "plain.step": ("Step {i} of {n}, {time}.", "Krok {i} z {n}, {time}."),
    "plain.stage": ("Stage {i}: {name}.", "Etapa {i}: {name}."),
    "plain.responsible": ("Responsible: {who}.", "Odpovídá: {who}."),
    "plain.unknown": ("Enter: next. b: back. q: quit.", "Enter: další. b: zpět. q: konec."),
}
