"""What a scenario file can get wrong, said to its author: one entry a code, in English and Czech.

`{names}` are filled with what the loader found. A hint says what to do; where the loader has a better one
("did you mean"), that one is shown instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is wrong, and what to do about it (may be empty)."""

    message: str
    hint: str = ""


DID_YOU_MEAN: Mapping[str, str] = {"en": "did you mean `{suggestion}`?", "cs": "nemělo tam být `{suggestion}`?"}
ONE_OF: Mapping[str, str] = {"en": "one of: {choices}", "cs": "jedno z: {choices}"}

WORDS: Mapping[str, Mapping[str, str]] = {
    "error": {"en": "error", "cs": "chyba"},
    "hint": {"en": "hint", "cs": "rada"},
}
"""Words around a report."""

COUNTS: Mapping[str, tuple[str, ...]] = {
    "en": ("{n} mistake", "{n} mistakes"),
    "cs": ("{n} chyba", "{n} chyby", "{n} chyb"),
}
"""The last line of a report: for one, (Czech: for two to four,) for more."""

EXPECTED: Mapping[str, Mapping[str, str]] = {
    "text": {"en": "text", "cs": "text"},
    "integer": {"en": "a whole number", "cs": "celé číslo"},
    "number": {"en": "a number", "cs": "číslo"},
    "boolean": {"en": "true or false", "cs": "true nebo false"},
    "list": {"en": "a list", "cs": "seznam"},
    "mapping": {"en": "keys with values", "cs": "klíče s hodnotami"},
    "nothing": {"en": "nothing", "cs": "nic"},
    "long-number": {"en": "a number with too many digits", "cs": "číslo s příliš mnoha číslicemi"},
    "text-or-mapping": {"en": "text, or keys with values", "cs": "text, nebo klíče s hodnotami"},
    "names-or-mapping": {"en": "a list of names, or keys with values", "cs": "seznam jmen, nebo klíče s hodnotami"},
}
"""What should have been there, by the `expected` of `wrong-type`."""

_EN: Mapping[str, Sentences] = {
    # --- the file ------------------------------------------------------------------------------
    "missing-file": Sentences("there is no such file", "`mailsim list` shows the scenarios that come with mailsim"),
    "folder": Sentences("this is a folder without scenario.yaml", "name a file, or a folder that holds scenario.yaml"),
    "unreadable": Sentences("the file cannot be read: {reason}", "look at its permissions, or name another file"),
    "too-large": Sentences(
        "the file is too large: {size}, the limit is {limit}", "is it a scenario? Ten lines are enough for one"
    ),
    "encoding": Sentences("this byte is not UTF-8", "save the file in the encoding UTF-8"),
    "empty": Sentences("the file is empty", "a scenario needs at least `id`, `domains` and `steps`"),
    # --- YAML ----------------------------------------------------------------------------------
    "yaml-syntax": Sentences(
        "this is not YAML: {problem}", "look at the indentation, colons and quotes here and above"
    ),
    "yaml-character": Sentences(
        "the character {character} cannot stand in a file of YAML",
        "remove it, and save the file as plain text in UTF-8",
    ),
    "yaml-tag": Sentences("tags such as `{tag}` are not allowed", "write the plain value"),
    "yaml-alias": Sentences(
        "no `&{name}` stands before this `*{name}`", "mark the value with `&{name}` above, or write it out"
    ),
    "yaml-key": Sentences("a key must be one word or text", "write the list or the mapping as the value of a key"),
    "many-documents": Sentences(
        "a file holds one scenario, and here a second document begins", "remove the line `---`"
    ),
    "duplicate-key": Sentences(
        "`{name}` is here for the second time, first on line {first}", "keep one, or join what is under them"
    ),
    "too-deep": Sentences(
        "this is nested too deep, the limit is {limit} levels", "put fewer brackets or indented levels into each other"
    ),
    "too-many": Sentences(
        "the file has too many values, the limit is {limit}", "an alias (`*name`) counts as much as what it stands for"
    ),
    # --- the schema ----------------------------------------------------------------------------
    "unknown-key": Sentences("there is no key `{name}` here", "known keys: {choices}"),
    "missing-key": Sentences("the key `{name}` is missing", "`mailsim schema` tells which keys belong where"),
    "wrong-type": Sentences("expected {expected}, found {found}", "`mailsim schema` tells what may stand here"),
    "bad-choice": Sentences("`{value}` is not one of the choices", "one of: {choices}"),
    "out-of-range": Sentences("`{value}` is out of range: {limit}", "write a number within the range"),
    "bad-value": Sentences("`{value}` cannot be here", "`mailsim schema` tells what may stand here"),
    "bad-duration": Sentences(
        "`{value}` is not a duration", "a number and a unit: 250ms, 30s, 5m, 2h or 5d; at most 3650d"
    ),
    "bad-moment": Sentences(
        "`{value}` is neither a duration nor a time of day",
        "30s after the start (at most 3650d), or a time such as 10:05",
    ),
    "bad-size": Sentences("`{value}` is not a size", "a number and a unit: 500B, 64kB or 10MB"),
    "bad-rate": Sentences("`{value}` is not a bandwidth", "a number and a unit: 64kbit/s, 100Mbit/s or 1Gbit/s"),
    "bad-start": Sentences(
        "`{value}` is not a date and time with a time zone", "for example 2026-11-23T10:00:00+01:00"
    ),
    "bad-id": Sentences("`{value}` cannot be an id", "small letters, digits and hyphens, for example my-first"),
    "bad-name": Sentences("`{value}` is not a domain name", "labels of letters, digits and hyphens, with dots between"),
    "bad-address": Sentences("`{value}` is not an IP address", "for example 192.0.2.25 or 2001:db8:1::25"),
    "bad-network": Sentences("`{value}` is not a network", "for example 192.0.2.0/24"),
    "bad-mail-address": Sentences("`{value}` is not a mail address", "for example alena@skola.example"),
    "bad-local-part": Sentences(
        "`{value}` cannot be what stands before the @",
        "letters of ASCII, digits, dots and hyphens, for example alena.n",
    ),
    "no-recipient": Sentences("nobody would get this mail", "name somebody in `to`, `cc` or `bcc`"),
    "duplicate-item": Sentences("`{value}` is twice in this list", "keep one of the two"),
    "bad-text": Sentences("this text has a control character in it", "a subject or a name is one line of text"),
    "two-ends": Sentences("a link has two ends", "for example between: [gw.skola.example, internet]"),
    "one-choice": Sentences("which mails is said once, and here {count} times", "give one of: {choices}"),
    "unknown-device": Sentences("the user has no device `{name}`", "devices stand with the user, under `devices`"),
    "needs-imap": Sentences("a client of POP3 cannot do this: `{name}`", "set the client to access: imap"),
    "one-action": Sentences("a step does one thing, and this one does {count}", "give the step one of: {choices}"),
    "bad-reply": Sentences(
        "`{value}` is not a reply that refuses",
        "as in 451 4.3.0 Try later, NO [UNAVAILABLE] Not now (IMAP), -ERR [SYS/TEMP] Not now (POP3)",
    ),
    "fault-key": Sentences("a fault of the kind `{kind}` has no key `{name}`", "its keys: {choices}"),
    "fault-lacks": Sentences("`{kind}` needs the key `{name}`", "add {name} to this fault"),
    "fault-place": Sentences("a fault of the kind `{kind}` is in one place", "give it one of: {choices}"),
    "fault-service": Sentences("this service cannot have a fault of the kind `{kind}`", "one of these can: {choices}"),
    "fault-command": Sentences("the service `{service}` gets no command `{name}`", "it gets: {choices}"),
    "fault-reply": Sentences(
        "a server cannot say this in answer to `{name}`",
        "SMTP and LMTP have numbers, IMAP has NO, BAD and BYE (to CONNECT only BYE), POP3 has -ERR",
    ),
    "fault-every": Sentences(
        "a fault that comes again must end before it begins anew", "give it `for`, not longer than `every`"
    ),
    "fault-certificate": Sentences("`{name}` has no certificate that could expire", "give it one, or another host"),
    "fault-link": Sentences("no link joins `{first}` and `{second}`", "`mailsim expand` shows all links"),
    # --- the world -----------------------------------------------------------------------------
    "unknown-host": Sentences("there is no host `{name}`", "`mailsim expand` shows all hosts"),
    "unknown-site": Sentences("there is no site `{name}`", "add it under `sites`"),
    "unknown-user": Sentences("there is no user `{name}`", "users stand under `domains` or `users`"),
    "unknown-zone": Sentences("there is no zone `{name}`", "add it under `zones`"),
    "unknown-variant": Sentences("there is no variant `{name}`", "variants stand under the key `variants`"),
    "unknown-scenario": Sentences("there is no scenario `{name}`", "`mailsim list` shows them all"),
    "duplicate-name": Sentences(
        "`{name}` is the name of two things: {first} and {second}", "give one of them another name"
    ),
    "duplicate-user": Sentences("the user `{name}` is here twice", "letters of any case are the same address"),
    "duplicate-address": Sentences("{address} already belongs to {owner}", "each address belongs to one host"),
    "no-address-left": Sentences(
        "there is no documentation address left for `{name}`", "remove some users or hosts, or write addresses by hand"
    ),
    "port-taken": Sentences("port {port} of `{name}` is used by {first} already", "give {second} another port"),
    "missing-role": Sentences("`{name}` is needed as {role}, but it has no such role", "add {role} to its roles"),
    "user-in-no-domain": Sentences(
        "`{name}` belongs to a domain that no server has as its own",
        "write the user under `domains`, or the domain to `local_domains` of a host with the role mta",
    ),
    "real-name": Sentences(
        "`{name}` may exist in the real world",
        "use names that end in .example or .test, or write `allow_real_names: true`",
    ),
    "real-address": Sentences(
        "{address} may belong to somebody in the real world",
        "use 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or 2001:db8::/32, or write `allow_real_names: true`",
    ),
    "mx-without-host": Sentences(
        "the MX record of {domain} names `{name}`, and there is no such host",
        "correct the name, add the host, or write `allow: [mx-without-host]` if the mistake is meant",
    ),
    "mx-is-alias": Sentences(
        "the MX record of {domain} names `{name}`, which is only an alias (CNAME)",
        "name the host itself (RFC 2181 section 10.3), or write `allow: [mx-is-alias]` if the mistake is meant",
    ),
    "zone-syntax": Sentences(
        "the zone {zone} is wrong here: {problem}",
        "a line is: name, TTL, IN, type, data; and what follows `;` is a comment",
    ),
    "outside-zone": Sentences(
        "`{name}` is not in the zone {zone}, so no server will ever give this record",
        "a name without a final dot is one of the zone; otherwise move the record to the zone that it is in,"
        " or write `allow: [outside-zone]` if the mistake is meant",
    ),
    "two-dns-servers": Sentences(
        "`{name}` is a name server and a resolver, and both need its port {port}",
        "give one of the two roles to another host",
    ),
    "zone-unserved": Sentences(
        "no name server has the zone `{name}`", "add it to `zones` of a host with the role nameserver"
    ),
    "step-before-start": Sentences(
        "this happens before the scenario starts ({start})", "let it happen later, or `start` earlier"
    ),
    "after-until": Sentences("this happens only after the scenario ends ({until})", "let `until` be later"),
    "backup-of-itself": Sentences("`{name}` cannot be its own backup", "name a host of another domain"),
    "missing-language": Sentences("the text is not here in the language {language}", "write {file}"),
}

_CS: Mapping[str, Sentences] = {
    # --- soubor --------------------------------------------------------------------------------
    "missing-file": Sentences("takový soubor neexistuje", "scénáře, které patří k mailsimu, vypíše `mailsim list`"),
    "folder": Sentences(
        "tohle je složka, ve které není scenario.yaml", "zadejte soubor, nebo složku, ve které je scenario.yaml"
    ),
    "unreadable": Sentences("soubor nejde přečíst: {reason}", "podívejte se na jeho práva, nebo zadejte jiný soubor"),
    "too-large": Sentences(
        "soubor je příliš velký: {size}, nejvýš smí mít {limit}", "je to scénář? Stačí na něj deset řádků"
    ),
    "encoding": Sentences("tento bajt není UTF-8", "uložte soubor v kódování UTF-8"),
    "empty": Sentences("soubor je prázdný", "scénář potřebuje aspoň `id`, `domains` a `steps`"),
    # --- YAML ----------------------------------------------------------------------------------
    "yaml-syntax": Sentences("tohle není YAML: {problem}", "podívejte se na odsazení, dvojtečky a uvozovky tady a výš"),
    "yaml-character": Sentences(
        "znak {character} v souboru YAML být nesmí", "odstraňte ho a uložte soubor jako prostý text v UTF-8"
    ),
    "yaml-tag": Sentences("značky jako `{tag}` tu být nesmějí", "napište obyčejnou hodnotu"),
    "yaml-alias": Sentences(
        "před tímto `*{name}` není žádné `&{name}`", "označte hodnotu výš jako `&{name}`, nebo ji vypište"
    ),
    "yaml-key": Sentences(
        "klíč musí být jedno slovo nebo text", "seznam nebo klíče s hodnotami napište jako hodnotu klíče"
    ),
    "many-documents": Sentences("v souboru je jeden scénář, a tady začíná druhý dokument", "odstraňte řádek `---`"),
    "duplicate-key": Sentences(
        "`{name}` je tu podruhé, poprvé na řádku {first}", "nechte jen jeden, nebo spojte, co je pod nimi"
    ),
    "too-deep": Sentences(
        "tohle je vnořené příliš hluboko, povolená hloubka: {limit}",
        "vnořte do sebe méně závorek nebo odsazených úrovní",
    ),
    "too-many": Sentences(
        "v souboru je příliš mnoho hodnot, nejvýš jich smí být {limit}",
        "alias (`*jméno`) se počítá tolikrát, kolik hodnot zastupuje",
    ),
    # --- schéma --------------------------------------------------------------------------------
    "unknown-key": Sentences("klíč `{name}` tu neexistuje", "možné klíče: {choices}"),
    "missing-key": Sentences("chybí klíč `{name}`", "které klíče kam patří, říká `mailsim schema`"),
    "wrong-type": Sentences("sem patří {expected}, ne {found}", "co tu být smí, říká `mailsim schema`"),
    "bad-choice": Sentences("`{value}` není žádná z možností", "jedna z možností: {choices}"),
    "out-of-range": Sentences("`{value}` je mimo rozsah: {limit}", "napište číslo v tomto rozsahu"),
    "bad-value": Sentences("`{value}` tu být nemůže", "co tu být smí, říká `mailsim schema`"),
    "bad-duration": Sentences("`{value}` není doba", "číslo a jednotka: 250ms, 30s, 5m, 2h nebo 5d; nejvýš 3650d"),
    "bad-moment": Sentences("`{value}` není doba ani denní čas", "30s po začátku (nejvýš 3650d), nebo čas jako 10:05"),
    "bad-size": Sentences("`{value}` není velikost", "číslo a jednotka: 500B, 64kB nebo 10MB"),
    "bad-rate": Sentences("`{value}` není přenosová rychlost", "číslo a jednotka: 64kbit/s, 100Mbit/s nebo 1Gbit/s"),
    "bad-start": Sentences("`{value}` není datum a čas s časovým pásmem", "například 2026-11-23T10:00:00+01:00"),
    "bad-id": Sentences(
        "`{value}` nemůže být id", "malá písmena bez diakritiky, číslice a spojovníky, například muj-prvni"
    ),
    "bad-name": Sentences("`{value}` není doménové jméno", "části z písmen, číslic a spojovníků, mezi nimi tečky"),
    "bad-address": Sentences("`{value}` není adresa IP", "například 192.0.2.25 nebo 2001:db8:1::25"),
    "bad-network": Sentences("`{value}` není síť", "například 192.0.2.0/24"),
    "bad-mail-address": Sentences("`{value}` není e-mailová adresa", "například alena@skola.example"),
    "bad-local-part": Sentences(
        "`{value}` před zavináčem být nemůže", "písmena bez diakritiky, číslice, tečky a spojovníky, například alena.n"
    ),
    "no-recipient": Sentences("tuhle zprávu by nikdo nedostal", "uveďte někoho v `to`, `cc` nebo `bcc`"),
    "duplicate-item": Sentences("`{value}` je v tomto seznamu dvakrát", "nechte jen jedno z nich"),
    "bad-text": Sentences("v textu je řídicí znak", "předmět i jméno jsou jeden řádek textu"),
    "two-ends": Sentences("linka má dva konce", "například between: [gw.skola.example, internet]"),
    "one-choice": Sentences("které zprávy to jsou, se říká jednou, ale tady {count}krát", "dejte jedno z: {choices}"),
    "unknown-device": Sentences("uživatel nemá zařízení `{name}`", "zařízení jsou u uživatele pod klíčem `devices`"),
    "needs-imap": Sentences("klient pro POP3 tohle neumí: `{name}`", "nastavte klientovi access: imap"),
    "one-action": Sentences("krok dělá jednu věc, a tento jich dělá {count}", "dejte kroku jedno z: {choices}"),
    "bad-reply": Sentences(
        "`{value}` není odpověď, která odmítá",
        "například 451 4.3.0 Try later, NO [UNAVAILABLE] Not now (IMAP), -ERR [SYS/TEMP] Not now (POP3)",
    ),
    "fault-key": Sentences("porucha druhu `{kind}` nemá klíč `{name}`", "její klíče: {choices}"),
    "fault-lacks": Sentences("`{kind}` potřebuje klíč `{name}`", "přidejte k této poruše {name}"),
    "fault-place": Sentences("porucha druhu `{kind}` je na jednom místě", "dejte jí jedno z: {choices}"),
    "fault-service": Sentences("tato služba nemůže mít poruchu druhu `{kind}`", "může ji mít jedna z: {choices}"),
    "fault-command": Sentences("služba `{service}` nezná příkaz `{name}`", "zná: {choices}"),
    "fault-reply": Sentences(
        "takto server na `{name}` odpovědět nemůže",
        "SMTP a LMTP mají čísla, IMAP má NO, BAD a BYE (na CONNECT jen BYE), POP3 má -ERR",
    ),
    "fault-every": Sentences(
        "porucha, která se opakuje, musí skončit, než začne znovu", "dejte jí `for`, ne delší než `every`"
    ),
    "fault-certificate": Sentences("`{name}` nemá certifikát, který by mohl vypršet", "dejte mu ho, nebo jiný počítač"),
    "fault-link": Sentences("`{first}` a `{second}` nespojuje žádná linka", "všechny linky ukáže `mailsim expand`"),
    # --- svět ----------------------------------------------------------------------------------
    "unknown-host": Sentences("počítač `{name}` neexistuje", "všechny počítače ukáže `mailsim expand`"),
    "unknown-site": Sentences("místo `{name}` neexistuje", "přidejte ho pod `sites`"),
    "unknown-user": Sentences("uživatel `{name}` neexistuje", "uživatelé jsou pod `domains` nebo `users`"),
    "unknown-zone": Sentences("zóna `{name}` neexistuje", "přidejte ji pod `zones`"),
    "unknown-variant": Sentences("varianta `{name}` neexistuje", "varianty jsou pod klíčem `variants`"),
    "unknown-scenario": Sentences("scénář `{name}` neexistuje", "všechny vypíše `mailsim list`"),
    "duplicate-name": Sentences("`{name}` je jméno dvou věcí: {first} a {second}", "dejte jedné z nich jiné jméno"),
    "duplicate-user": Sentences("uživatel `{name}` je tu dvakrát", "velká a malá písmena se v adrese nerozlišují"),
    "duplicate-address": Sentences("{address} už má {owner}", "každá adresa patří jednomu počítači"),
    "no-address-left": Sentences(
        "pro `{name}` už nezbyla žádná adresa určená pro dokumentaci",
        "uberte uživatele nebo počítače, případně napište adresy ručně",
    ),
    "port-taken": Sentences("port {port} počítače `{name}` už používá {first}", "dejte {second} jiný port"),
    "missing-role": Sentences("`{name}` má sloužit jako {role}, ale tuto roli nemá", "přidejte {role} k jeho rolím"),
    "user-in-no-domain": Sentences(
        "`{name}` patří do domény, kterou žádný server nemá za svou",
        "napište uživatele pod `domains`, nebo doménu do `local_domains` počítače s rolí mta",
    ),
    "real-name": Sentences(
        "`{name}` může existovat ve skutečném světě",
        "použijte jména, která končí na .example nebo .test, nebo napište `allow_real_names: true`",
    ),
    "real-address": Sentences(
        "{address} může ve skutečném světě někomu patřit",
        "použijte 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 nebo 2001:db8::/32,"
        " nebo napište `allow_real_names: true`",
    ),
    "mx-without-host": Sentences(
        "záznam MX domény {domain} uvádí `{name}`, a takový počítač neexistuje",
        "opravte jméno, přidejte počítač, nebo napište `allow: [mx-without-host]`, pokud je chyba záměr",
    ),
    "mx-is-alias": Sentences(
        "záznam MX domény {domain} uvádí `{name}`, a to je jen alias (CNAME)",
        "uveďte samotný počítač (RFC 2181, 10.3), nebo napište `allow: [mx-is-alias]`, pokud je chyba záměr",
    ),
    "zone-syntax": Sentences(
        "v zóně {zone} je tady chyba: {problem}", "řádek je: jméno, TTL, IN, typ, data; a co je za `;`, je poznámka"
    ),
    "outside-zone": Sentences(
        "`{name}` do zóny {zone} nepatří, takže tento záznam žádný server nikdy nevydá",
        "jméno bez tečky na konci je jméno v zóně; jinak přesuňte záznam do zóny, do které patří,"
        " nebo napište `allow: [outside-zone]`, pokud je chyba záměr",
    ),
    "two-dns-servers": Sentences(
        "`{name}` je jmenný server i resolver, a oba potřebují jeho port {port}",
        "dejte jednu z obou rolí jinému počítači",
    ),
    "zone-unserved": Sentences(
        "zónu `{name}` nemá žádný jmenný server", "přidejte ji do `zones` počítače s rolí nameserver"
    ),
    "step-before-start": Sentences(
        "tohle se má stát dřív, než scénář začne ({start})", "ať se to stane později, nebo posuňte `start` na dřív"
    ),
    "after-until": Sentences("tohle se má stát, až když scénář skončí ({until})", "posuňte `until` na později"),
    "backup-of-itself": Sentences("`{name}` nemůže být záložní server sám pro sebe", "uveďte počítač jiné domény"),
    "missing-language": Sentences("tento text v jazyce {language} chybí", "napište {file}"),
}

MISTAKES: Mapping[str, Mapping[str, Sentences]] = {
    code: {"en": sentences, "cs": _CS[code]} for code, sentences in _EN.items()
}
"""Every code of a mistake, and its sentences by language."""
