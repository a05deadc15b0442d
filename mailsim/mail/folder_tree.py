"""The folders of one account by name, and the names that are subscribed (RFC 9051 sections 5.1, 6.3.4 to 6.3.8).

A name may have folders below it and be none itself: when `a` is deleted, `a/b` stays. Such a name is not kept
anywhere, it follows from the others. A subscription belongs to a name, not to a folder: it outlives the folder,
because only the user may end it (RFC 9051 section 6.3.7).
"""

from __future__ import annotations

from collections.abc import Callable

from mailsim.mail.changes import FolderCreated, FolderExists, NoSuchFolder, NotAllowed
from mailsim.mail.folder import Folder
from mailsim.mail.folder_names import INBOX, canonical_name, is_good_name, steps


class FolderTree:
    """Folders by name.

    Args:
        mailbox: the account's name.
        delimiter: what separates the levels of a name, `/` or `.`.
        next_uid_validity: gives a number larger than all before.
    """

    def __init__(self, mailbox: str, delimiter: str, next_uid_validity: Callable[[], int]) -> None:
        self.mailbox, self.delimiter = mailbox, delimiter
        self._next_uid_validity = next_uid_validity
        self._folders: dict[str, Folder] = {}
        self._subscribed: dict[str, None] = {}
        self._validities: dict[str, int] = {}

    # --- looking -------------------------------------------------------------------------------

    def get(self, name: str) -> Folder | None:
        """The folder of this name, or None."""
        return self._folders.get(self.canonical(name))

    def __getitem__(self, name: str) -> Folder:
        return self._folders[name]

    def __contains__(self, name: object) -> bool:
        return name in self._folders

    def all(self) -> tuple[Folder, ...]:
        """Every folder: the INBOX, then the others by name."""
        return tuple(sorted(self._folders.values(), key=lambda f: (f.name != INBOX, f.name)))

    def below(self, name: str) -> list[str]:
        """The names of the folders below a name."""
        return sorted(other for other in self._folders if other.startswith(name + self.delimiter))

    def canonical(self, name: str) -> str:
        """The name as it is kept."""
        return canonical_name(name, self.delimiter)

    def _plain(self, name: str) -> str:
        """A new name: a separator at its end says only that there will be folders below it."""
        return self.canonical(name.removesuffix(self.delimiter))

    def is_good(self, name: str) -> bool:
        """May a folder be called so?"""
        return is_good_name(name, self.delimiter)

    # --- changing ------------------------------------------------------------------------------

    def add(self, name: str, special_use: str = "") -> Folder:
        """Put a new, empty folder under a free name."""
        folder = self._folders[name] = Folder(self.mailbox, name, self._next_uid_validity(), special_use)
        self._validities[name] = folder.uid_validity
        return folder

    def replace(self, old: Folder) -> Folder:
        """A new, empty folder with a new UIDVALIDITY in the place of an old one."""
        old.exists = False
        return self.add(old.name, old.special_use)

    def create(self, name: str, special_use: str = "") -> tuple[FolderCreated, ...] | FolderExists | NotAllowed:
        """Create a folder, and the folders above it that are missing (RFC 9051 section 6.3.4)."""
        wanted = self._plain(name)
        if not self.is_good(wanted):
            return NotAllowed(name, "bad-name")
        if wanted in self._folders:
            return FolderExists(wanted)
        if special_use and any(folder.special_use == special_use for folder in self._folders.values()):
            return NotAllowed(name, "special-use")
        missing = [step for step in steps(wanted, self.delimiter) if step not in self._folders]
        for step in missing:
            self.add(step, special_use if step == wanted else "")
        return tuple(FolderCreated(self.mailbox, step) for step in missing)

    def remove(self, folder: Folder) -> None:
        """Take a folder out, for good."""
        folder.exists = False
        del self._folders[folder.name]

    def moves(self, old: str, new: str) -> dict[str, str] | NoSuchFolder | FolderExists | NotAllowed:
        """Which names a RENAME would change into which, if it may be done; `old` may be only a name above others."""
        old, new = self.canonical(old), self._plain(new)
        below = self.below(old)
        if old not in self._folders and not below:
            return NoSuchFolder(old)
        if not self.is_good(new) or new.startswith(old + self.delimiter):
            return NotAllowed(new, "bad-name")
        if old == INBOX:
            return FolderExists(new) if new in self._folders else {old: new}
        moving = {name: new + name[len(old) :] for name in (old, *below) if name in self._folders}
        taken = [name for name in (new, *moving.values()) if name in self._folders or name == old]
        return FolderExists(taken[0]) if taken else moving

    def rename(self, moving: dict[str, str]) -> tuple[str, ...]:
        """Do what `moves` has found; gives the names that had to be created above.

        A name that had a larger UIDVALIDITY before must not get a smaller one.
        """
        created: list[str] = []
        for name, renamed in moving.items():
            missing = [above for above in steps(renamed, self.delimiter)[:-1] if above not in self._folders]
            created += [self.add(above).name for above in missing]
            folder = self._folders[renamed] = self._folders.pop(name)
            folder.name = renamed
            if self._validities.get(renamed, 0) > folder.uid_validity:
                folder.uid_validity = self._next_uid_validity()
            self._validities[renamed] = folder.uid_validity
        return tuple(created)

    # --- subscriptions -------------------------------------------------------------------------

    @property
    def subscribed(self) -> tuple[str, ...]:
        """The names that are subscribed, whether there are such folders or not."""
        return tuple(self._subscribed)

    def subscribe(self, name: str, wanted: bool = True) -> NoSuchFolder | None:
        """Put a name on the list, or take it off; only a folder that exists can be put there."""
        name = self._plain(name)
        if not wanted:
            self._subscribed.pop(name, None)
        elif name not in self._folders:
            return NoSuchFolder(name)
        else:
            self._subscribed[name] = None
        return None
