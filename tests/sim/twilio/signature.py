"""X-Twilio-Signature as Twilio makes it: base64(HMAC-SHA1(token, URL + sorted names and values))."""
import base64
import hashlib
import hmac


def sign(token, url, params=()):
    """`params` is a list of (name, value); a repeated name gives its distinct values, sorted."""
    pairs = sorted(set(params))
    data = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), data.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()).decode()


def signed_body_url(url, body):
    """The URL with the hash of a body that is not a form."""
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}bodySHA256={hashlib.sha256(body).hexdigest()}"
