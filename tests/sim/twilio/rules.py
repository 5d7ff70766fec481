"""What Twilio refuses when a message is sent: parameter names and types, and the error codes of each mistake."""
import datetime
import json
import os
import pathlib
import re
import urllib.parse


class Refusal(Exception):
    """An answer that is not a success: HTTP status, Twilio's code and words."""

    def __init__(self, code, message, status=400, headers=None):
        super().__init__(message)
        self.code, self.message, self.status, self.headers = code, message, status, headers or {}

    def body(self):
        return {"code": self.code, "message": self.message, "more_info": f"https://www.twilio.com/docs/errors/{self.code}", "status": self.status}


# CreateMessage: name -> type. "sid:MG" is a SID with that prefix, a tuple the allowed words, "list:x" may repeat.
PARAMETERS = {
    "To": "text", "From": "text", "FallbackFrom": "text", "MessagingServiceSid": "sid:MG", "Body": "text", "MediaUrl": "list:text",
    "StatusCallback": "text", "ApplicationSid": "sid:AP", "MaxPrice": "number", "ProvideFeedback": "boolean", "Attempt": "integer",
    "ValidityPeriod": "integer", "ForceDelivery": "boolean", "ContentRetention": ("retain", "discard"),
    "AddressRetention": ("retain", "obfuscate"), "SmartEncoded": "boolean", "PersistentAction": "list:text", "TrafficType": ("free",),
    "ShortenUrls": "boolean", "ScheduleType": "text", "SendAt": "text", "SendAsMms": "boolean", "ContentVariables": "text",
    "RiskCheck": ("enable", "disable"), "ContentSid": "text", "Tags": "text",
}
UPDATE_PARAMETERS = {"Body": "text", "Status": "text"}
CREATE_PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CHANNEL = re.compile(r"(whatsapp|rcs|messenger):(\S+)")
SHORT_CODE = re.compile(r"[0-9]{3,8}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ]{0,10}")
TYPES = {"boolean": re.compile(r"true|false", re.I), "integer": re.compile(r"-?[0-9]+"), "number": re.compile(r"-?[0-9]+(\.[0-9]+)?")}

# Twilio's own magic numbers of its test credentials.
MAGIC_FROM = {"+15005550001": (21212, "The 'From' number is not a valid phone number."), "+15005550007": (21606, "The 'From' number is not SMS-capable."),
              "+15005550008": (21611, "The 'From' number has exceeded the maximum number of queued messages.")}
MAGIC_TO = {"+15005550001": (21211, "The 'To' number is not a valid phone number."), "+15005550002": (21612, "Cannot route to the 'To' number."),
            "+15005550003": (21408, "Permission to send to that region has not been enabled."),
            "+15005550004": (21610, "Attempt to send to unsubscribed recipient"), "+15005550009": (21614, "'To' number is not a valid mobile number")}


def openapi_names(operation="post"):
    """Parameter names in Twilio's OpenAPI document; None where the shared data is not present."""
    root = os.environ.get("CENTRALA_SHARED") or pathlib.Path(__file__).resolve().parents[4] / "shared"
    path = pathlib.Path(root) / "data" / "twilio-openapi" / "twilio_api_v2010.reduced.strict.json"
    if not path.is_file():
        return None
    operation = json.loads(path.read_text())["paths"][CREATE_PATH][operation]
    return set(operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"])


NAMES = openapi_names() or set(PARAMETERS)


def check_shape(params, table, names, strict):
    """Names, repetitions and types, as the OpenAPI document has them."""
    seen = set()
    for name, value in params:
        kind = table.get(name, "text")
        if strict and name not in names:
            raise Refusal(20001, f"Unknown parameter {name}")
        if name in seen and not str(kind).startswith("list:"):
            raise Refusal(20001, f"Parameter {name} is repeated")
        seen.add(name)
        bad = (value not in kind if isinstance(kind, tuple) else
               not re.fullmatch(kind[4:] + "[0-9a-fA-F]{32}", value) if kind.startswith("sid:") else
               kind in TYPES and not TYPES[kind].fullmatch(value))
        if bad and name == "MessagingServiceSid":
            raise Refusal(21705, "The Messaging Service Sid is invalid")
        if bad:
            raise Refusal(20001, f"Invalid value for parameter {name}")


def is_url(value):
    try:
        url = urllib.parse.urlsplit(value)
        return url.scheme in ("http", "https") and bool(url.hostname) and "_" not in url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        return False


def address_ok(value, sender):
    channel = CHANNEL.fullmatch(value)
    if channel:
        return channel[1] != "whatsapp" or bool(E164.fullmatch(channel[2]))
    return bool(E164.fullmatch(value) or SHORT_CODE.fullmatch(value) or (sender and ALPHANUMERIC.fullmatch(value)))


def check_to(value, config, sender):
    if not value:
        raise Refusal(21604, "A 'To' phone number is required.")
    if not address_ok(value, False):
        raise Refusal(21211, f"The 'To' number {value} is not a valid phone number.")
    if value in MAGIC_TO:
        raise Refusal(*MAGIC_TO[value])
    if value in config["opted_out"] or f"{sender} {value}" in config["opted_out"]:
        raise Refusal(21610, "Attempt to send to unsubscribed recipient")


def check_sender(sender, service, config):
    if not sender and not service:
        raise Refusal(21603, "A 'From' phone number is required.")
    if service and config["services"] is not None:
        if service not in config["services"]:
            raise Refusal(21705, f"The Messaging Service Sid {service} is invalid")
        if not config["services"][service]:
            raise Refusal(21704, "The Messaging Service contains no phone numbers")
    if not sender:
        return
    if not address_ok(sender, True):
        raise Refusal(21212, f"The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID.")
    if sender in MAGIC_FROM:
        raise Refusal(*MAGIC_FROM[sender])
    if config["numbers"] is not None and sender not in config["numbers"]:
        if CHANNEL.fullmatch(sender):
            raise Refusal(63007, "Twilio could not find a Channel with the specified From address")
        raise Refusal(21606, f"The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number or short code for your account.")


def channel_of(address):
    match = CHANNEL.fullmatch(address or "")
    return match[1] if match else "sms"


def check_content(one, media):
    body, template, variables = one("Body"), one("ContentSid"), one("ContentVariables")
    if template is None:
        if body is None and not media:
            raise Refusal(21602, "Message body is required.")
        if not body and not media:
            raise Refusal(21619, "A text message body or media urls must be specified.")
        if variables is not None:
            raise Refusal(21654, "ContentSid is required when ContentVariables are given")
    elif not re.fullmatch("HX[0-9a-fA-F]{32}", template):
        raise Refusal(21655, "The ContentSid is invalid")
    if variables is not None:
        try:
            parsed = json.loads(variables)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict) or not all(isinstance(v, str) for v in parsed.values()):
            raise Refusal(21656, "The ContentVariables are invalid")
    if body and len(body.encode("utf-16-le", "surrogatepass")) // 2 > 1600:
        raise Refusal(21617, "The concatenated message body exceeds the 1600 character limit.")
    if len(media) > 10:
        raise Refusal(21623, "Number of media files exceeds allowed limit")
    if not all(is_url(m) for m in media):
        raise Refusal(21620, "Invalid media URL(s)")


def check_schedule(one, service):
    kind, send_at = one("ScheduleType"), one("SendAt")
    if kind is None and send_at is None:
        return
    if not service:
        raise Refusal(35118, "MessagingServiceSid is required to schedule a message")
    if kind != "fixed":
        raise Refusal(35115, "ScheduleType must be fixed")
    if send_at is None:
        raise Refusal(35111, "SendAt is required to schedule a message")
    try:
        moment = datetime.datetime.fromisoformat(send_at.replace("Z", "+00:00"))
        ahead = (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    except (ValueError, TypeError):
        raise Refusal(35114, "SendAt is not a valid ISO 8601 time") from None
    if not 300 < ahead <= 35 * 86400:
        raise Refusal(35114, "SendAt must be more than 300 seconds and at most 35 days in the future")


def check_message(params, config):
    """Raises Refusal, or gives the first status of the accepted message."""
    def one(name):
        return next((v for k, v in params if k == name), None)

    check_shape(params, PARAMETERS, NAMES, config["strict"])
    to, sender, service = one("To"), one("From"), one("MessagingServiceSid")
    check_to(to, config, sender or service)
    check_sender(sender, service, config)
    if sender and channel_of(sender) != channel_of(to):
        raise Refusal(21910, "Invalid From and To pair. From and To should be of the same channel")
    if sender == to:
        raise Refusal(63031 if channel_of(to) == "whatsapp" else 21266, "'To' and 'From' number cannot be the same")
    check_content(one, [v for k, v in params if k == "MediaUrl"])
    callback = one("StatusCallback")
    if callback is not None and (len(callback) > 4000 or not is_url(callback)):
        raise Refusal(21609, f"The StatusCallback URL {callback[:200]} is not a valid URL.")
    validity = one("ValidityPeriod")
    if validity is not None and not 1 <= int(validity) <= 36000:
        raise Refusal(20001, "Invalid value for parameter ValidityPeriod")
    check_schedule(one, service)
    if one("SendAt"):
        return "scheduled"
    return "accepted" if service else "queued"


def check_update(params, message, final):
    """Redact or cancel; raises Refusal."""
    check_shape(params, UPDATE_PARAMETERS, set(UPDATE_PARAMETERS), True)
    values = dict(params)
    if len(values) != 1:
        raise Refusal(30400, "Either Body or Status must be given, not both")
    if values.get("Status", "canceled") != "canceled" or values.get("Body", "") != "":
        raise Refusal(30400, "Body may only become empty, Status only canceled")
    if "Status" in values and message.status != "scheduled":
        raise Refusal(30409, "The message cannot be canceled any more", 409)
    if "Body" in values and message.status not in final:
        raise Refusal(20009, "The message is not finished yet", 409)
    return values
