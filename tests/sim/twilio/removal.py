"""Redacting and deleting: what of a message Twilio takes away, when it is too early, and what scripts want to go wrong."""
import re
import time

from . import rules
from .rules import Refusal
from .store import FINAL, now

# Scripts: op "update", "delete", "media_list" and "media_delete", matched by {"Sid": …}. "cut": "after" does it and then
# cuts the connection; "delay_ms" waits behind it. The setting removable_after_s makes young messages 20009 ("not yet").


def media_sid(message, url, position):
    """The address's own when it is one of Twilio's, else made from the message's."""
    own = re.search(r"/Media/(ME\w{32})$", url)
    return own.group(1) if own else "ME" + format((int(message.sid[2:], 16) + position + 1) % 16**32, "032x")


def media_list(message):
    gone = message.__dict__.setdefault("media_gone", set())
    sids = [media_sid(message, url, i) for i, url in enumerate(message.media)]
    return [sid for sid in sids if sid not in gone]


class Removal:
    def __init__(self, store, scripts, files, answer, refuse):
        self.store, self.scripts, self.files, self.answer, self.refuse = store, scripts, files, answer, refuse

    def scripted(self, op, sid, act):
        """act() as a script wants it: refused, cut off before or after, late."""
        script = self.scripts.take(op, [("Sid", sid)])
        refusal = script.refusal()
        if script.get("cut") == "before":
            return self.answer(0, cut=script.get("cut_how", "fin"))
        if refusal:
            return self.refuse(refusal, script.get("format", "json"))
        done = act()
        time.sleep(script.get("delay_ms", 0) / 1000)
        return self.answer(0, cut=script.get("cut_how", "fin")) if script.get("cut") == "after" else done

    def too_early(self, message):
        young = (now() - message.created).total_seconds() < self.store.config["removable_after_s"]
        if young or message.status not in FINAL:
            raise Refusal(20009, "The message is not finished yet", 409)

    def update(self, request, message):
        params = request.form()

        def act():
            values = rules.check_update(params, message, FINAL)
            if "Body" in values:
                self.too_early(message)
            with self.store.lock:
                if "Body" in values:
                    message.body = ""
                    message.__dict__["redacted"] = True
                else:
                    message.status = "canceled"
                    message.history.append("canceled")
            return self.answer(200, message.resource())
        return self.scripted("update", message.sid, act)

    def delete(self, message):
        def act():
            self.too_early(message)
            with self.store.lock:
                del self.store.messages[message.sid]
            return self.answer(204)
        return self.scripted("delete", message.sid, act)

    def media(self, message):
        uri = f"/2010-04-01/Accounts/{message.account.sid}/Messages/{message.sid}/Media"
        rows = [{"sid": sid, "account_sid": message.account.sid, "parent_sid": message.sid, "content_type": "image/jpeg", "uri": f"{uri}/{sid}.json"}
                for sid in media_list(message)]
        return self.scripted("media_list", message.sid, lambda: self.answer(200, {"media_list": rows, "page": 0, "page_size": 50, "next_page_uri": None}))

    def media_delete(self, message, media):
        def act():
            if media not in media_list(message):
                raise Refusal(20404, f"The requested resource /Media/{media} was not found", 404)
            message.media_gone.add(media)
            with self.files.lock:
                self.files.items.pop(media, None)
            return self.answer(204)
        return self.scripted("media_delete", message.sid, act)
