"""The account's numbers and the Messaging Services that hold them: lists, one, and what a change of a number changes."""
import re
import urllib.parse

from .rules import Refusal

PAGE_SIZE, PAGE_SIZE_MOST = 50, 1000
LIST_PARAMETERS = {"PhoneNumber", "FriendlyName", "Beta", "Origin", "PageSize", "Page", "PageToken"}
URLS = {"SmsUrl": ("sms_url", 21503), "SmsFallbackUrl": ("sms_fallback_url", 21503), "VoiceUrl": ("voice_url", 21502), "VoiceFallbackUrl": ("voice_fallback_url", 21502),
        "StatusCallback": ("status_callback", 21502)}
TEXTS = {"FriendlyName": "friendly_name", "SmsApplicationSid": "sms_application_sid", "VoiceApplicationSid": "voice_application_sid",
         "SmsMethod": "sms_method", "SmsFallbackMethod": "sms_fallback_method", "VoiceMethod": "voice_method", "StatusCallbackMethod": "status_callback_method"}
CAPABILITIES = ("voice", "sms", "mms", "fax")


class Numbers:
    def __init__(self, store):
        self.store = store

    # ---- the numbers ----

    def all(self, account):
        """Every number with what it is like at the start, what the settings say of it, and what was changed since."""
        with self.store.lock:
            config = self.store.config
            rows = [self.resource(account, i, number, config["number_details"].get(number, {})) for i, number in enumerate(config["numbers"] or [])]
            return [{**row, **self.store.numbers.get((account.sid, row["phone_number"]), {})} for row in rows]

    @staticmethod
    def resource(account, index, number, details):
        sid = "PN" + format(index, "032x")
        can = {"voice": True, "sms": True, "mms": True, "fax": False, **{k: details[k] for k in CAPABILITIES if k in details}}
        return {"sid": sid, "account_sid": account.sid, "phone_number": number, "friendly_name": number, "capabilities": can, "sms_url": "",
                "sms_method": "POST", "sms_fallback_url": "", "sms_fallback_method": "POST", "sms_application_sid": "", "voice_url": None,
                "voice_method": "POST", "voice_application_sid": "", "status_callback": "", "status_callback_method": "POST", "trunk_sid": None,
                "origin": "twilio", "beta": False, "status": "in-use", "api_version": "2010-04-01",
                "uri": f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers/{sid}.json",
                **{k: v for k, v in details.items() if k not in CAPABILITIES}}

    def find(self, account, sid):
        for row in self.all(account):
            if row["sid"] == sid:
                return row
        raise Refusal(20404, f"The requested resource /IncomingPhoneNumbers/{sid}.json was not found", 404)

    def sms_url(self, account, number):
        """Where a text to it is posted; empty when nowhere."""
        return next((r["sms_url"] for r in self.all(account) if r["phone_number"] == number), "")

    def page(self, request, account):
        query = request.query()
        values = dict(query)
        unknown = set(values) - LIST_PARAMETERS
        if unknown and self.store.config["strict"]:
            raise Refusal(20001, f"Unknown parameter {sorted(unknown)[0]}")
        rows = [r for r in self.all(account) if values.get("PhoneNumber", "") in r["phone_number"]]
        size = int(values.get("PageSize", PAGE_SIZE))
        if not 1 <= size <= PAGE_SIZE_MOST:
            raise Refusal(20001, "Invalid value for parameter PageSize")
        start = 0
        if "PageToken" in values:
            start = next((i + 1 for i, r in enumerate(rows) if "PA" + r["sid"] == values["PageToken"]), None)
            if start is None:
                raise Refusal(20001, "Invalid PageToken")
        shown, page = rows[start:start + size], int(values.get("Page", "0"))
        rest = [(k, v) for k, v in query if k not in ("Page", "PageToken")]
        following = rest + [("Page", page + 1), ("PageToken", "PA" + shown[-1]["sid"])] if start + size < len(rows) else None
        return {"incoming_phone_numbers": shown, "page": page, "page_size": size, "start": start, "end": start + max(len(shown) - 1, 0),
                "uri": request.path, "first_page_uri": request.path, "previous_page_uri": None,
                "next_page_uri": f"{request.path}?{urllib.parse.urlencode(following)}" if following else None}

    def update(self, request, account, sid):
        row, changes = self.find(account, sid), {}
        for name, value in request.form():
            if name in URLS:
                member, code = URLS[name]
                if value and not re.fullmatch(r"https?://[^\s_/]+(/\S*)?", value):
                    raise Refusal(code, f"{name} is not a valid URL")
                changes[member] = value
            elif name in TEXTS:
                if name.endswith("Method") and value not in ("GET", "POST"):
                    raise Refusal(20001, f"Invalid value for parameter {name}")
                changes[TEXTS[name]] = value
            elif self.store.config["strict"]:
                raise Refusal(20001, f"Unknown parameter {name}")
        with self.store.lock:
            self.store.numbers.setdefault((account.sid, row["phone_number"]), {}).update(changes)
        return {**row, **changes}

    # ---- Messaging Services: https://messaging.twilio.com/v1 ----

    def service(self, account, sid):
        details = self.store.config["service_details"].get(sid, {})
        return {"sid": sid, "account_sid": account.sid, "friendly_name": "Service", "inbound_request_url": None, "inbound_method": "POST",
                "use_inbound_webhook_on_number": False, "status_callback": None, **details}

    def services(self, request, account):
        """Answers a path below /v1/Services."""
        known = self.store.config["services"] or {}
        match = re.fullmatch(r"/v1/Services(?:/(MG\w{32})(/PhoneNumbers)?)?", request.path)
        if not match or match[1] and match[1] not in known:
            raise Refusal(20404, f"The requested resource {request.path} was not found", 404)
        meta = {"page": 0, "page_size": PAGE_SIZE, "next_page_url": None}
        if match[2]:
            held = [r for r in self.all(account) if r["phone_number"] in known[match[1]]]
            rows = [{"sid": r["sid"], "account_sid": account.sid, "service_sid": match[1], "phone_number": r["phone_number"], "capabilities": ["SMS"]} for r in held]
            return {"phone_numbers": rows, "meta": {**meta, "key": "phone_numbers"}}
        if match[1]:
            return self.service(account, match[1])
        return {"services": [self.service(account, sid) for sid in known], "meta": {**meta, "key": "services"}}
